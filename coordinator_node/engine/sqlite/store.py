"""One SQLite file, one thread that owns the connection, and who is told when it changes.

Layout; it only grows, and a program that knows fewer of the tables can still use the file:
    kv(key, value, revision), last(revision)    revisions are one above the highest ever given
    terms(key, revision, ends_ms, term_ms)      good for that revision of the key alone
    leases(name, holder, epoch, ends_ms, term_ms)
    logs(log, last), lines(log, seq, message_id, data, at_ms), readers(log, reader, seq)
    jobs(...), done(queue, id, token, at_ms)    done is forgotten after DONE_MS
    counters(name, value)                       epoch: the highest ever given
Other processes of the owner (`coordinator-node invite`) may write to the same file.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import apsw

from common.clock import Clock
from common.errors import Corrupt, OverLimit, Unavailable

T = TypeVar("T")

BUSY_MS = 5_000
BUSY_AGAIN_S = 0.01
LOOKS_S = 0.25
"""How often it is looked whether another process wrote, while anybody watches."""
SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS kv (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS last (revision INTEGER NOT NULL);
INSERT INTO last SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM last);
CREATE TABLE IF NOT EXISTS terms (
    key TEXT PRIMARY KEY, revision INTEGER NOT NULL, ends_ms INTEGER NOT NULL,
    term_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS terms_end ON terms (ends_ms);
CREATE TABLE IF NOT EXISTS leases (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, epoch INTEGER NOT NULL,
    ends_ms INTEGER NOT NULL, term_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS logs (log TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lines (
    log TEXT NOT NULL, seq INTEGER NOT NULL, message_id TEXT NOT NULL, data BLOB NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (log, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS lines_id ON lines (log, message_id);
CREATE TABLE IF NOT EXISTS readers (
    log TEXT NOT NULL, reader TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (log, reader)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL,
    data BLOB NOT NULL, priority INTEGER NOT NULL, topics TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, submitted_ms INTEGER NOT NULL, ready_ms INTEGER NOT NULL,
    delay_ms INTEGER NOT NULL, worker TEXT NOT NULL, reason TEXT NOT NULL, token TEXT NOT NULL,
    ends_ms INTEGER NOT NULL, visible_ms INTEGER NOT NULL, UNIQUE (queue, id)
);
CREATE INDEX IF NOT EXISTS jobs_order ON jobs (queue, priority DESC, ready_ms, number);
CREATE INDEX IF NOT EXISTS jobs_claimed ON jobs (queue, ends_ms) WHERE state = 'claimed';
CREATE INDEX IF NOT EXISTS jobs_token ON jobs (queue, token) WHERE state = 'claimed';
CREATE INDEX IF NOT EXISTS jobs_ready ON jobs (queue, ready_ms) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS done (
    queue TEXT NOT NULL, id TEXT NOT NULL, token TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (queue, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS done_at ON done (at_ms);
CREATE INDEX IF NOT EXISTS done_token ON done (queue, token);
CREATE TABLE IF NOT EXISTS counters (
    name TEXT PRIMARY KEY, value INTEGER NOT NULL
) WITHOUT ROWID;
COMMIT;
"""


class Store:
    """The file. `fn`s run on its thread, one at a time. Made by `open_store`."""

    def __init__(self, thread: ThreadPoolExecutor, db: apsw.Connection, clock: Clock) -> None:
        self._thread = thread
        self.db = db
        self.clock = clock
        self._watchers: set[asyncio.Event] = set()

    async def read(self, fn: Callable[[], T]) -> T:
        """What `fn` reads, of one state of the file."""
        return await self._run(lambda: self._within("BEGIN", fn))

    async def write(self, fn: Callable[[], T]) -> T:
        """What `fn` returns, once all that it wrote is on the disk; nothing when it raises."""

        def counted() -> tuple[T, bool]:
            before = self.db.total_changes()
            return self._within("BEGIN IMMEDIATE", fn), self.db.total_changes() != before

        result, wrote = await self._run(counted)
        if wrote:
            for event in self._watchers:
                event.set()
        return result

    async def moments(self, due_ms: Callable[[], int]) -> AsyncGenerator[None]:
        """Now, and each time that something may have changed: written here, written by another
        process, or come to the time that `due_ms` reads from the file (0 for none)."""
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            seen = -1
            while True:
                event.clear()
                version, due = await self._run(lambda: (self._version(), due_ms()))
                if version != seen or 0 < due <= self.clock.now_ms():
                    seen = version
                    yield
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOKS_S):  # wait_for may swallow a cancellation
                        await event.wait()
                        seen = -1
        finally:
            self._watchers.discard(event)

    def _version(self) -> int:
        return int(self.db.execute("PRAGMA data_version").fetchall()[0][0])

    def _within(self, begin: str, fn: Callable[[], T]) -> T:
        self.db.execute(begin)
        try:
            result = fn()
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        return result

    async def _run(self, fn: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, fn)
        except apsw.BusyError as error:
            raise Unavailable("the Coordinator's state is in use by another process") from error
        except apsw.FullError as error:
            raise OverLimit("the disk of the Coordinator's state is full") from error
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise Corrupt("the Coordinator's state cannot be read") from error
        except (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError) as error:
            raise Unavailable(f"the Coordinator's disk refuses: {error}") from error


@asynccontextmanager
async def open_store(path: Path, clock: Clock) -> AsyncGenerator[Store]:
    """The store over a file, made when it is not there."""
    with ThreadPoolExecutor(1, thread_name_prefix="engine") as thread:
        loop = asyncio.get_running_loop()
        try:
            db = await loop.run_in_executor(thread, _connect, path)
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise Corrupt(f"{path} is not the Coordinator's state") from error
        except (apsw.CantOpenError, apsw.ReadOnlyError) as error:
            raise Unavailable(f"{path} cannot be opened") from error
        except apsw.BusyError as error:
            raise Unavailable(f"{path} is in use by another process") from error
        try:
            yield Store(thread, db, clock)
        finally:
            await loop.run_in_executor(thread, db.close)


def _connect(path: Path) -> apsw.Connection:
    db = apsw.Connection(str(path))
    db.set_busy_timeout(BUSY_MS)
    _write_ahead(db)
    db.pragma("synchronous", "full")
    db.execute(SCHEMA).fetchall()  # all statements run only when the rows are read
    path.chmod(0o600)
    return db


def _write_ahead(db: apsw.Connection) -> None:
    """SQLite refuses this at once while another process opens the same new file: no waiting."""
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            db.pragma("journal_mode", "wal")
        except apsw.BusyError:
            if time.monotonic() > end:
                raise
            time.sleep(BUSY_AGAIN_S)
        else:
            return
