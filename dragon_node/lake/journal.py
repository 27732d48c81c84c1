"""The durable record on SSD: journal.db, SQLite in WAL mode with synchronous=FULL.

journal_file.py is what lies in it, journal_writer.py the thread that writes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import apsw

from common.daemon.keys import SealingKey
from common.errors import OverLimit, Unavailable
from common.model.ids import ContentHash, ProjectId
from dragon_node.lake import journal_file
from dragon_node.lake.database import Owned, Readers
from dragon_node.lake.failpoints import reach
from dragon_node.lake.journal_file import Draft, unpack
from dragon_node.lake.journal_writer import Writer, Written
from dragon_node.lake.records import Blobs, Row

__all__ = ["Draft", "Journal", "Written", "unpack"]

T = TypeVar("T")

BYTES_MAX = 2 << 30
"""The journal's bound: pages in use. Snapshots cut it."""
QUEUED_MAX = 256
"""Submissions that wait for the writer; more wait on the loop."""


class Journal:
    """Appends durably, reads back, says what it holds, and lets go of what snapshots cover."""

    def __init__(
        self,
        path: Path,
        readers: Readers,
        on_written: Callable[[Written], None],
        key: SealingKey | None,
    ) -> None:
        self.path = path
        self.id = ""
        self.first_lsn = 0
        """The oldest position that is held; 0 when nothing was cut."""
        self.last_lsn = 0
        """Of the newest durable record, as the loop knows it."""
        self._readers = readers
        self._on_written = on_written
        self._key = key
        self._room = asyncio.Semaphore(QUEUED_MAX)
        self._writer = Writer(path, self._heard, key)

    @classmethod
    async def open(
        cls,
        path: Path,
        readers: Readers,
        on_written: Callable[[Written], None],
        key: SealingKey | None = None,
    ) -> Journal:
        """Makes the file where it is missing; sealed with the key, when there is one.

        `on_written` is called on the loop, in lsn order.
        """
        if key is not None:
            readers.unlock(path, key)
        journal = cls(path, readers, on_written, key)
        found = await journal._writer.open()
        journal.id, journal.first_lsn, journal.last_lsn = found.id, found.first_lsn, found.last_lsn
        return journal

    async def append(self, drafts: Sequence[Draft], blobs: Blobs) -> Written:
        """Returns once the records and the content are on disk, and `on_written` has been told.

        Submissions are written in the order in which they were asked for. OverLimit when the
        journal is full, and Invalid when a record refers to content that is not held: then nothing
        of the submission is written. Unavailable after the end. One who is cancelled is so only
        when it is known whether it was written.
        """
        self._writer.check()
        size = sum(len(d.body) for d in drafts) + sum(len(b) for b in blobs.values())
        if (used := self.live_bytes) + size > BYTES_MAX:
            raise OverLimit(
                f"the journal holds {used:,} of {BYTES_MAX:,} bytes and {size:,} more do not fit",
                hint="A snapshot makes room: postdevai snapshot. The laptop keeps what waits.",
            )
        async with self._room:
            return await self._writer.submit(drafts, blobs)

    async def close(self) -> None:
        """Writes what waits, and closes."""
        await self._writer.close()
        self._readers.forget(self.path)

    @property
    def live_bytes(self) -> int:
        """Of pages in use: what counts against the bound."""
        return self._writer.live_bytes

    @property
    def commits(self) -> int:
        """Of records since it was opened: each costs a sync, and those who wait share it."""
        return self._writer.commits

    @property
    def bytes(self) -> int:
        """On disk, WAL included."""
        return sum(p.stat().st_size for p in (self.path, _beside(self.path, "-wal")) if p.exists())

    async def holds(self, hashes: Sequence[ContentHash]) -> set[ContentHash]:
        """Which of these contents are durable here; after a cut others are in their projects."""
        return await self.read(lambda db: journal_file.holds(db, hashes))

    async def rows(self, after: int, limit: int, project: ProjectId | None = None) -> list[Row]:
        """Records after an lsn, in order; of one project when it is given."""
        return await self.read(lambda db: journal_file.rows(db, after, limit, project))

    async def projects(self) -> list[ProjectId]:
        """Every project that a held record is stamped with."""
        return await self.read(journal_file.projects)

    async def contents(self, hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
        """Raw contents, as far as they are held."""
        return await self.read(lambda db: journal_file.contents(db, hashes))

    @contextmanager
    def fetching(self) -> Generator[Callable[[Sequence[ContentHash]], dict[ContentHash, bytes]]]:
        """For a store's writer thread: contents, through a connection of that thread."""
        held: list[Owned] = []

        def fetch(hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
            if not held:
                held.append(Owned(self.path, synchronous="FULL", read_only=True, key=self._key))
            return journal_file.contents(held[0].connection, hashes)

        try:
            yield fetch
        finally:
            for owned in held:
                owned.close()

    async def terms(self) -> tuple[tuple[int, int], ...]:
        """(epoch, first lsn) of each leadership that wrote here, oldest first."""
        return await self.read(journal_file.terms)

    async def adopt(self, identity: str) -> bool:
        """Takes another journal's identity, to become its copy; False when something was written
        here."""
        adopted = await self._writer.do(partial(journal_file.adopt, identity=identity))
        self.id = identity if adopted else self.id
        return adopted

    async def cut(self, upto: int) -> None:
        """Lets go of the records up to here, of contents that only they refer to, and of the
        room that they took: in short steps between which others write. What is stopped halfway
        is finished by the next one."""
        if not max(1, self.first_lsn - 1) <= upto <= self.last_lsn:
            return
        await self._writer.do(partial(journal_file.begin_cut, upto=upto))
        self.first_lsn = upto + 1
        reach("journal.cutting")
        while await self._writer.do(partial(journal_file.cut_records, upto=upto)):
            reach("journal.cut_step")
        after: bytes | None = b""
        while after is not None:
            after = await self._writer.do(partial(journal_file.cut_blobs, upto=upto, after=after))
            reach("journal.cut_step")
        while await self._writer.do(journal_file.give_back):
            pass
        reach("journal.cut")

    async def overwrite(self, lsns: Collection[int], hashes: Collection[ContentHash] = ()) -> None:
        """Replaces these records by tombstones that keep origin, sequence and position, and erases
        these contents; on return no file of the journal holds their bytes any more. Unavailable
        when somebody reads for so long that the log cannot be emptied: asking again finishes it.
        """
        reach("journal.overwriting")
        await self._writer.do(partial(journal_file.overwrite, lsns=lsns, hashes=hashes))
        reach("journal.overwritten")
        await self._writer.do(_empty_log, alone=True)

    def _heard(self, written: Written) -> None:
        self.last_lsn = max(self.last_lsn, written.last_lsn)
        self._on_written(written)

    async def read(self, fn: Callable[[apsw.Connection], T]) -> T:
        """`fn` in one read transaction on a reader thread."""
        return await self._readers.run(self.path, fn)


def _empty_log(db: apsw.Connection) -> None:
    try:
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except apsw.BusyError as error:
        raise Unavailable(
            "the journal's log is being read", hint="What it held is overwritten; try again."
        ) from error


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
