"""The durable record on SSD: journal.db, SQLite in WAL mode with synchronous=FULL.

    records  lsn, origin, seq, kind, node, project, project_name, at_ms, body    every record
    blobs    hash, data (zstd)              content, in the transaction of the first record with it
    meta     id                             drawn at making; stores that saw another are not ours

One thread writes. It takes everything that waits, up to a limit, into one transaction: streams
share the fsync of its commit, and nobody is told before it.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import apsw
import zstandard

from common.errors import Corrupt, OverLimit, Unavailable
from common.model.event import Event
from common.model.ids import ContentHash, NodeId, Origin, ProjectId, content_hash
from dragon_node.lake.database import Owned, Readers, said_plainly, transaction
from dragon_node.lake.records import NO_ORIGIN, Blobs, Note, Refusal, Row, RowKind

T = TypeVar("T")

BYTES_MAX = 2 << 30
"""The journal's bound, until snapshots can cut it."""
GROUP_RECORDS_MAX = 2_000
"""Records in one commit."""
QUEUED_MAX = 256
"""Submissions that wait for the writer; more wait on the loop."""
ZSTD_LEVEL = 3

SCHEMA = """
CREATE TABLE IF NOT EXISTS records(
  lsn INTEGER PRIMARY KEY, origin TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
  node TEXT NOT NULL, project TEXT NOT NULL, project_name TEXT NOT NULL, at_ms INTEGER NOT NULL,
  body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS records_by_seq ON records(origin, seq);
CREATE INDEX IF NOT EXISTS records_by_project ON records(project, lsn);
CREATE TABLE IF NOT EXISTS blobs(hash BLOB PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES('id', lower(hex(randomblob(16))));
"""
_COLUMNS = "lsn, origin, seq, kind, node, project, project_name, at_ms, body"
_INSERT = f"INSERT INTO records({_COLUMNS}) VALUES(?,?,?,?,?,?,?,?,?)"


@dataclass(frozen=True, slots=True)
class Draft:
    """A record before it has its lsn. `decoded` is what `body` says."""

    origin: Origin
    seq: int
    """0 for notes: they take their lsn."""
    kind: RowKind
    node: NodeId
    project: ProjectId
    project_name: str
    at_ms: int
    body: bytes
    decoded: Event | Note | Refusal


@dataclass(frozen=True, slots=True)
class Written:
    """Records that have become durable together, in order, and the raw content they came with."""

    first_lsn: int
    drafts: Sequence[Draft]
    blobs: Blobs

    @property
    def last_lsn(self) -> int:
        """Of the last record; first_lsn - 1 when there is none."""
        return self.first_lsn + len(self.drafts) - 1


@dataclass(slots=True)
class _Submission:
    drafts: Sequence[Draft]
    blobs: Blobs
    done: asyncio.Future[Written]


class Journal:
    """Appends durably, reads back, and says what it holds."""

    def __init__(self, path: Path, readers: Readers, on_written: Callable[[Written], None]) -> None:
        self.path = path
        self.id = ""
        self.last_lsn = 0
        """Of the newest durable record, as the loop knows it."""
        self._readers = readers
        self._on_written = on_written
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(QUEUED_MAX)
        self._waiting: queue.SimpleQueue[_Submission | None] = queue.SimpleQueue()
        self._failed: BaseException | None = None
        self._stop = False
        self._thread = threading.Thread(target=self._write_loop, name="journal-write", daemon=True)
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._opened: asyncio.Future[tuple[str, int]] = self._loop.create_future()

    @classmethod
    async def open(
        cls, path: Path, readers: Readers, on_written: Callable[[Written], None]
    ) -> Journal:
        """Makes the file where it is missing. `on_written` is called on the loop, in lsn order."""
        journal = cls(path, readers, on_written)
        journal._thread.start()
        journal.id, journal.last_lsn = await journal._opened
        return journal

    async def append(self, drafts: Sequence[Draft], blobs: Blobs) -> Written:
        """Returns once the records and the content are on disk, and `on_written` has been told.

        Submissions are written in the order in which they were asked for. OverLimit when the
        journal is full: then nothing of the submission is written. One who is cancelled is so
        only when it is known whether it was written.
        """
        if self._failed is not None:
            raise Unavailable(
                f"the journal stopped: {self._failed}", hint="Start the Dragon again."
            ) from self._failed
        size = sum(len(d.body) for d in drafts) + sum(len(b) for b in blobs.values())
        if (used := self.bytes) + size > BYTES_MAX:
            raise OverLimit(
                f"the journal holds {used:,} of {BYTES_MAX:,} bytes and {size:,} more do not fit",
                hint="Snapshots, which make room, do not exist yet.",
            )
        async with self._room:
            done: asyncio.Future[Written] = self._loop.create_future()
            self._waiting.put(_Submission(drafts, blobs, done))
            return await _settled(done)

    async def close(self) -> None:
        """Writes what waits, and closes."""
        self._waiting.put(None)
        await self._closed
        self._readers.forget(self.path)

    @property
    def bytes(self) -> int:
        """On disk, WAL included."""
        return sum(p.stat().st_size for p in (self.path, _beside(self.path, "-wal")) if p.exists())

    async def holds(self, hashes: Sequence[ContentHash]) -> set[ContentHash]:
        """Which of these contents are durable."""

        def read(db: apsw.Connection) -> set[ContentHash]:
            find = "SELECT 1 FROM blobs WHERE hash=?"
            return {h for h in hashes if db.execute(find, (bytes.fromhex(h),)).fetchone()}

        return await self._read(read)

    async def rows(self, after: int, limit: int, project: ProjectId | None = None) -> list[Row]:
        """Records after an lsn, in order; of one project when it is given."""
        where = "lsn>?" if project is None else "project=? AND lsn>?"
        bindings = (after,) if project is None else (project, after)

        def read(db: apsw.Connection) -> list[Row]:
            sql = f"SELECT {_COLUMNS} FROM records WHERE {where} ORDER BY lsn LIMIT ?"
            return [Row(*row) for row in db.execute(sql, (*bindings, limit))]

        return await self._read(read)

    async def projects(self) -> list[ProjectId]:
        """Every project that a record is stamped with."""

        def read(db: apsw.Connection) -> list[ProjectId]:
            # A skip scan: one step in the index for each project, not one for each record.
            sql = """WITH RECURSIVE p(id) AS (
                       SELECT min(project) FROM records
                       UNION ALL
                       SELECT (SELECT min(project) FROM records WHERE project>p.id) FROM p
                       WHERE p.id IS NOT NULL)
                     SELECT id FROM p WHERE id IS NOT NULL AND id<>''"""
            return [ProjectId(row[0]) for row in db.execute(sql)]

        return await self._read(read)

    async def contents(self, hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
        """Raw contents, as far as they are held."""

        return await self._read(lambda db: _contents(db, hashes))

    @contextmanager
    def fetching(self) -> Generator[Callable[[Sequence[ContentHash]], dict[ContentHash, bytes]]]:
        """For a store's writer thread: contents, through a connection of that thread."""
        held: list[Owned] = []

        def fetch(hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
            if not held:
                held.append(Owned(self.path, synchronous="FULL", read_only=True))
            return _contents(held[0].connection, hashes)

        try:
            yield fetch
        finally:
            for owned in held:
                owned.close()

    async def _read(self, fn: Callable[[apsw.Connection], T]) -> T:
        return await self._readers.run(self.path, fn)

    # -- the writer thread -------------------------------------------------------------------

    def _write_loop(self) -> None:
        try:
            with said_plainly(self.path):
                owned = Owned(self.path, synchronous="FULL")
                with transaction(owned.connection, "IMMEDIATE"):
                    owned.connection.execute(SCHEMA)
                found = _position(owned.connection)
        except BaseException as error:
            self._tell(self._opened, error)
            return
        self._tell(self._opened, found)
        last = found[1]
        try:
            while group := self._next_group():
                last = self._commit(owned.connection, group, last)
        finally:
            owned.close()
            self._tell(self._closed, None)

    def _next_group(self) -> list[_Submission]:
        """What waits, as much of it as one commit may hold; empty at the end."""
        first = None if self._stop else self._waiting.get()
        if first is None:
            return []
        group, records = [first], len(first.drafts)
        while records < GROUP_RECORDS_MAX:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                break
            if following is None:
                self._stop = True
                break
            group.append(following)
            records += len(following.drafts)
        return group

    def _commit(self, db: apsw.Connection, group: list[_Submission], last: int) -> int:
        """One transaction for the group; returns the newest lsn."""
        written: list[Written] = []
        try:
            with said_plainly(self.path), transaction(db, "IMMEDIATE"):
                for submission in group:
                    first = written[-1].last_lsn + 1 if written else last + 1
                    written.append(_insert(db, submission, first))
        except BaseException as error:
            # After a failed sync nobody knows what is on disk: only opening again finds out.
            if not isinstance(error, OverLimit):
                self._failed = error
            for submission in group:
                self._tell(submission.done, error)
            return last
        self._loop.call_soon_threadsafe(self._finish, group, written)
        return written[-1].last_lsn

    def _finish(self, group: list[_Submission], written: list[Written]) -> None:
        for submission, one in zip(group, written, strict=True):
            self.last_lsn = max(self.last_lsn, one.last_lsn)
            self._on_written(one)
            if not submission.done.done():
                submission.done.set_result(one)

    def _tell(self, future: asyncio.Future[T], outcome: T | BaseException) -> None:
        def settle() -> None:
            if future.done():
                return
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self._loop.call_soon_threadsafe(settle)


async def _settled(done: asyncio.Future[T]) -> T:
    cancelled: asyncio.CancelledError | None = None
    while not done.done():
        try:
            await asyncio.wait([done])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return done.result()


def unpack(content: ContentHash, data: bytes) -> bytes:
    """Raw content; Corrupt when it is not what its name says."""
    try:
        raw = zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise Corrupt(f"content {content} cannot be unpacked: {error}") from error
    if content_hash(raw) != content:
        raise Corrupt(f"content {content} is not what its name says")
    return raw


def _contents(db: apsw.Connection, hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
    found: dict[ContentHash, bytes] = {}
    for h in hashes:
        row = db.execute("SELECT data FROM blobs WHERE hash=?", (bytes.fromhex(h),)).fetchone()
        if row is not None:
            found[h] = unpack(h, row[0])
    return found


def _position(db: apsw.Connection) -> tuple[str, int]:
    name: str = db.execute("SELECT value FROM meta WHERE name='id'").get
    last: int = db.execute("SELECT coalesce(max(lsn), 0) FROM records").get
    return name, last


def _insert(db: apsw.Connection, submission: _Submission, first_lsn: int) -> Written:
    packer = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    db.executemany(
        "INSERT OR IGNORE INTO blobs VALUES(?,?)",
        [(bytes.fromhex(h), packer.compress(raw)) for h, raw in submission.blobs.items()],
    )
    db.executemany(
        _INSERT,
        [
            (
                lsn,
                d.origin,
                lsn if d.origin == NO_ORIGIN else d.seq,
                d.kind,
                d.node,
                d.project,
                d.project_name,
                d.at_ms,
                d.body,
            )
            for lsn, d in enumerate(submission.drafts, start=first_lsn)
        ],
    )
    return Written(first_lsn, submission.drafts, submission.blobs)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
