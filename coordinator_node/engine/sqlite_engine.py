"""The engine inside the Coordinator: one SQLite file, one thread that owns the connection.

Layout: kv(key, value, revision), the revision being one above the highest ever given. Other
processes of the owner (`coordinator-node invite`) may write to the same file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import apsw

from common.errors import Conflict, Corrupt, OverLimit, Unavailable
from coordinator_node.engine.ports import Entry

T = TypeVar("T")

BUSY_MS = 5_000
SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS kv (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS last (revision INTEGER NOT NULL);
INSERT INTO last SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM last);
"""


class SqliteKv:
    """Kv in a SQLite file. Made by `open_sqlite`."""

    def __init__(self, thread: ThreadPoolExecutor, db: apsw.Connection) -> None:
        self._thread = thread
        self._db = db

    async def get(self, key: str) -> Entry | None:
        """The entry, or None."""
        rows = await self._run(
            lambda: self._db.execute(
                "SELECT key, value, revision FROM kv WHERE key = ?", (key,)
            ).fetchall()
        )
        return Entry(*rows[0]) if rows else None

    async def put(self, key: str, value: bytes, *, expected: int | None = None) -> int:
        """Writes and returns the new revision; Conflict when it is not the expected one."""
        return await self._run(lambda: self._put(key, value, expected))

    async def entries(self, prefix: str) -> tuple[Entry, ...]:
        """All entries whose key begins so, by key."""
        rows = await self._run(
            lambda: self._db.execute(
                "SELECT key, value, revision FROM kv WHERE key >= ? AND substr(key, 1, ?) = ?"
                " ORDER BY key",
                (prefix, len(prefix), prefix),
            ).fetchall()
        )
        return tuple(Entry(*row) for row in rows)

    def _put(self, key: str, value: bytes, expected: int | None) -> int:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            rows = self._db.execute("SELECT revision FROM kv WHERE key = ?", (key,)).fetchall()
            found = int(rows[0][0]) if rows else 0
            if expected is not None and found != expected:
                raise Conflict(f"{key} has changed meanwhile (revision {found}, not {expected})")
            self._db.execute("UPDATE last SET revision = revision + 1")
            revision = int(self._db.execute("SELECT revision FROM last").fetchall()[0][0])
            self._db.execute(
                "INSERT INTO kv VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
                " SET value = excluded.value, revision = excluded.revision",
                (key, value, revision),
            )
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return revision

    async def _run(self, fn: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, fn)
        except apsw.BusyError as error:
            raise Unavailable("the Coordinator's state is in use by another process") from error
        except apsw.FullError as error:
            raise OverLimit("the disk of the Coordinator's state is full") from error
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise Corrupt("the Coordinator's state cannot be read") from error


@asynccontextmanager
async def open_sqlite(path: Path) -> AsyncGenerator[SqliteKv]:
    """The engine over a file, made when it is not there."""
    with ThreadPoolExecutor(1, thread_name_prefix="engine") as thread:
        loop = asyncio.get_running_loop()
        try:
            db = await loop.run_in_executor(thread, _connect, path)
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise Corrupt(f"{path} is not the Coordinator's state") from error
        except apsw.CantOpenError as error:
            raise Unavailable(f"{path} cannot be opened") from error
        try:
            yield SqliteKv(thread, db)
        finally:
            await loop.run_in_executor(thread, db.close)


def _connect(path: Path) -> apsw.Connection:
    db = apsw.Connection(str(path))
    db.set_busy_timeout(BUSY_MS)
    db.execute(SCHEMA).fetchall()  # all statements run only when the rows are read
    path.chmod(0o600)
    return db
