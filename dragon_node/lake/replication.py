"""The journal of one Dragon, copied row by row into another's: same positions, same decisions.

The leader tells rows and the contents that they refer to; a follower journals them as they are and
applies them as its own. A journal's terms say under which leadership each row was written, so that
two journals that agree on the term of a row agree on everything up to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from common.daemon.keys import SealingKey, sealing_key
from common.errors import Conflict, Missing
from common.model.event import Event, content_hashes
from common.model.ids import ContentHash, NodeId
from dragon_node.lake.database import Readers
from dragon_node.lake.forgetting.forgetting import Forgetting
from dragon_node.lake.formats import made_ready
from dragon_node.lake.intake import Intake
from dragon_node.lake.journal import Journal
from dragon_node.lake.journal_file import position
from dragon_node.lake.journal_file import rows as rows_of
from dragon_node.lake.records import Blobs, Note, Row
from dragon_node.lake.shards import step_of

ROWS_MAX = 500
BYTES_MAX = 1 << 20
"""Of the rows and contents of one message; one row's contents may be more."""

FROM_A_BACKUP = "Begin with a backup of it: docs/replica.md, Setting it up"
"""What is to be done where a journal no longer has what another one lacks."""

BARE_ROWS_MAX = 10_000
"""More laptops than that have not called."""

Terms = Sequence[tuple[int, int]]
"""(epoch, first lsn) of each leadership, oldest first."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows that follow on each other, and the contents that they refer to."""

    rows: tuple[Row, ...] = ()
    contents: Blobs = field(default_factory=dict[ContentHash, bytes])


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a journal reaches, and who wrote it."""

    journal: str
    """Its identity: the lake's."""
    first_lsn: int
    last_lsn: int
    terms: tuple[tuple[int, int], ...] = ()


class Replication:
    """Both sides of copying a journal."""

    def __init__(self, journal: Journal, intake: Intake, forgetting: Forgetting) -> None:
        self._journal = journal
        self._intake = intake
        self._forgetting = forgetting

    @property
    def first_lsn(self) -> int:
        """The oldest position that this journal holds; 0 when nothing was cut."""
        return self._journal.first_lsn

    async def reach(self) -> Reach:
        """How far this journal reaches."""
        terms = await self._journal.terms()
        journal = self._journal
        return Reach(journal.id, journal.first_lsn, journal.last_lsn, terms)

    async def after(self, lsn: int) -> Copy:
        """What follows a position, as much as one message may hold. Missing when it was cut."""
        if lsn + 1 < self._journal.first_lsn:
            raise Missing(
                f"its journal was cut and begins at record {self._journal.first_lsn:,}, and "
                f"record {lsn + 1:,} is lacking",
                hint=FROM_A_BACKUP,
            )
        rows: list[Row] = []
        contents: dict[ContentHash, bytes] = {}
        size = 0
        for row in await self._journal.rows(lsn, ROWS_MAX):
            body = step_of(row).body
            named = content_hashes(body.body) if isinstance(body, Event) else ()
            lacking = [h for h in named if h not in contents]
            found = await self._journal.contents(lacking) if lacking else {}
            more = len(row.body) + sum(map(len, found.values()))
            if rows and size + more > BYTES_MAX:
                break
            rows.append(row)
            contents |= found
            size += more
        return Copy(tuple(rows), contents)

    async def take(self, copy: Copy) -> int:
        """Journals and applies what another Dragon told; the last position.

        A forgetting that is told to have ended is first carried out here too. Conflict when the
        rows do not follow on what is here.
        """
        begin = 0
        for n, row in enumerate(copy.rows):
            body = step_of(row).body
            if isinstance(body, Note) and body.kind == "forgot":
                await self._take(copy.rows[begin:n], copy.contents)
                await self._forgetting.carry_out(body.fields["id"])
                begin = n
        await self._take(copy.rows[begin:], copy.contents)
        return self._journal.last_lsn

    async def begin_term(self, epoch: int, node: NodeId) -> None:
        """Writes that this Dragon leads from here on; for one that is about to."""
        note = Note("lead", {"epoch": str(epoch), "node": node})
        await self._intake.until_applied(await self._intake.note(note))

    async def keep(self, contents: Blobs) -> None:
        """Makes contents durable ahead of the rows that refer to them."""
        await self._intake.keep(contents)

    async def _take(self, rows: Sequence[Row], contents: Blobs) -> None:
        if rows:
            await self._intake.until_applied(await self._intake.take(rows, contents))


async def adopt(directory: Path, journal: str, key: SealingKey | None = None) -> None:
    """Makes an empty journal that is to be a copy of another one. Conflict when something was
    written here already; nothing when it is that one's copy already."""
    opened_key = await made_ready(directory, key)
    readers = Readers()
    try:
        made = await Journal.open(directory / "journal.db", readers, lambda _: None, opened_key)
        try:
            if made.id != journal and not await made.adopt(journal):
                raise Conflict(
                    f"the lake in {directory} has memories of its own",
                    hint="A Dragon follows from the beginning: give it a HOME of its own.",
                )
        finally:
            await made.close()
    finally:
        await readers.close()


async def reach_of_stopped(directory: Path) -> Reach:
    """How far the journal of a Dragon that does not run reaches; nothing where there is none."""
    if not (directory / "journal.db").exists():
        return Reach("", 1, 0)
    async with _stopped(directory) as journal:
        return Reach(journal.id, journal.first_lsn, journal.last_lsn)


async def is_bare(directory: Path) -> bool:
    """Whether nobody ever had a Dragon that does not run keep anything: no more is in its journal
    than which laptops have called."""
    if not (directory / "journal.db").exists():
        return True
    async with _stopped(directory) as journal:
        rows = await journal.rows(0, BARE_ROWS_MAX + 1)
        return _is_bare(journal.first_lsn, rows)


async def held_by_running(directory: Path) -> str:
    """The journal's identity while its Dragon runs; empty where nobody ever had it keep anything.

    Nothing is written: it is read beside the Dragon.
    """
    path = directory / "journal.db"
    if not await asyncio.to_thread(path.exists):
        return ""
    readers = Readers()
    try:
        readers.unlock(path, await asyncio.to_thread(sealing_key, directory))
        found, rows = await readers.run(
            path, lambda db: (position(db), rows_of(db, 0, BARE_ROWS_MAX + 1, None))
        )
    finally:
        await readers.close()
    return "" if _is_bare(found.first_lsn, rows) else found.id


@asynccontextmanager
async def _stopped(directory: Path) -> AsyncGenerator[Journal]:
    key = await made_ready(directory, None)
    readers = Readers()
    try:
        journal = await Journal.open(directory / "journal.db", readers, lambda _: None, key)
        try:
            yield journal
        finally:
            await journal.close()
    finally:
        await readers.close()


def _is_bare(first_lsn: int, rows: Sequence[Row]) -> bool:
    only_calls = all(row.kind == "note" and _calls(row.body) for row in rows)
    return first_lsn <= 1 and len(rows) <= BARE_ROWS_MAX and only_calls


def _calls(body: bytes) -> bool:
    return body.startswith(b'{"kind": "origin"')


def agrees(ours: Reach, theirs: Reach) -> bool:
    """Whether a follower's journal is the beginning of the leader's: the term of its last row began
    at the same position in both."""
    if theirs.journal != ours.journal:
        return theirs.last_lsn == 0
    if theirs.last_lsn > ours.last_lsn:
        return False
    return term_at(ours.terms, theirs.last_lsn) == term_at(theirs.terms, theirs.last_lsn)


def term_at(terms: Terms, lsn: int) -> tuple[int, int]:
    """The leadership under which a row was written; (0, 0) before the first."""
    return max((term for term in terms if term[1] <= lsn), default=(0, 0))
