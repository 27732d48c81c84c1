"""One SQLite file: a writer thread of its own, and readers on a shared pool of reader threads.

Every connection is made, used and closed on one thread, and asserts it. A file on SSD is sealed
(common/sealed_sqlite.py): a changed bit is Corrupt, and no plain byte is written.
"""

from __future__ import annotations

import asyncio
import errno
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import apsw

from common.daemon.keys import SealingKey
from common.errors import Corrupt, OverLimit, PostDevAIError
from common.sealed_sqlite import copied, unlock

T = TypeVar("T")
Synchronous = Literal["OFF", "NORMAL", "FULL"]

READERS = 3
"""Reader threads of one lake."""
CONNECTIONS_A_READER = 64
"""Connections that one reader thread keeps; the least recently used is closed."""
BUSY_MS = 10_000
STATEMENTS_CACHED = 256


class Owned:
    """A connection that may be used by the thread that made it and by no other."""

    def __init__(
        self,
        path: Path,
        *,
        synchronous: Synchronous,
        read_only: bool = False,
        key: SealingKey | None = None,
    ) -> None:
        """With a key the file is sealed. Corrupt when it is not, or with another key."""
        flags = apsw.SQLITE_OPEN_READONLY if read_only else _READ_WRITE
        self._owner = threading.get_ident()
        self._connection = apsw.Connection(
            str(path), flags=flags, statementcachesize=STATEMENTS_CACHED
        )
        try:
            self._connection.set_busy_timeout(BUSY_MS)
            if key is not None:
                unlock(self._connection, path, key)
            if not read_only:
                self._connection.pragma("journal_mode", "wal")
                self._connection.pragma("synchronous", synchronous)
        except BaseException:
            self._connection.close()
            raise

    @property
    def connection(self) -> apsw.Connection:
        """The connection, on its own thread only."""
        if threading.get_ident() != self._owner:
            raise AssertionError("an apsw connection was used outside its owner thread")
        return self._connection

    def close(self) -> None:
        """Closes it, on its own thread."""
        self.connection.close()


_READ_WRITE = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE


class Readers:
    """A few threads that read any file of the lake, each with connections of its own."""

    def __init__(self, threads: int = READERS) -> None:
        self._threads = [_Reader(i) for i in range(threads)]
        self._epochs: dict[Path, int] = {}
        self._keys: dict[Path, SealingKey] = {}

    async def run(self, path: Path, fn: Callable[[apsw.Connection], T]) -> T:
        """`fn` in one read transaction, so that it sees one state of the file."""
        reader = min(self._threads, key=lambda each: each.waiting)
        of = _File(path, self._epochs.get(path, 0), self._keys.get(path))
        return await reader.run(of, fn)

    def unlock(self, path: Path, key: SealingKey) -> None:
        """The file is sealed with this key."""
        self._keys[path] = key

    def forget(self, path: Path) -> None:
        """The file was replaced: connections to the old one are not used again."""
        self._epochs[path] = self._epochs.get(path, 0) + 1

    async def release(self, path: Path) -> None:
        """Closes the connections to a file: memory of one that is removed is free only then."""
        self.forget(path)
        await asyncio.gather(*(reader.release(path) for reader in self._threads))

    async def close(self) -> None:
        """Waits for what is being read and closes every connection; once is enough."""
        while self._threads:
            await self._threads.pop().close()


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was before it was replaced, or since."""

    path: Path
    epoch: int
    key: SealingKey | None


class _Reader:
    """One thread and its connections, the least recently used first."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"lake-read-{number}")
        self._held: OrderedDict[_File, Owned] = OrderedDict()
        self.waiting = 0

    async def run(self, file: _File, fn: Callable[[apsw.Connection], T]) -> T:
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, file, fn)
        finally:
            self.waiting -= 1

    async def release(self, path: Path) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._release, path)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._close_all)
        self._pool.shutdown(wait=True)

    def _run(self, file: _File, fn: Callable[[apsw.Connection], T]) -> T:
        with said_plainly(file.path):
            db = self._connection(file)
            with transaction(db, "DEFERRED"):
                return fn(db)

    def _connection(self, file: _File) -> apsw.Connection:
        if file not in self._held:
            self._held[file] = Owned(file.path, synchronous="OFF", read_only=True, key=file.key)
            if len(self._held) > CONNECTIONS_A_READER:
                self._held.popitem(last=False)[1].close()
        self._held.move_to_end(file)
        return self._held[file].connection

    def _release(self, path: Path) -> None:
        for file in [file for file in self._held if file.path == path]:
            self._held.pop(file).close()

    def _close_all(self) -> None:
        for owned in self._held.values():
            owned.close()
        self._held.clear()


class Database:
    """A SQLite file with one writer thread. Writes are transactions, in the order of asking."""

    def __init__(
        self,
        path: Path,
        readers: Readers,
        owned: Owned,
        writer: ThreadPoolExecutor,
        key: SealingKey | None = None,
    ) -> None:
        self.path = path
        self.key = key
        """What the file is sealed with; None when it lies plain, in memory."""
        self._readers = readers
        self._owned = owned
        self._writer = writer
        self.writes = 0
        """Transactions that were asked for: what was read before one may be old."""

    @classmethod
    async def open(
        cls,
        path: Path,
        readers: Readers,
        *,
        schema: str,
        synchronous: Synchronous = "OFF",
        key: SealingKey | None = None,
    ) -> Database:
        """Makes the file where it is missing. `schema` is CREATE ... IF NOT EXISTS statements.

        With a key it is sealed; Corrupt when the key does not open it.
        """
        if key is not None:
            readers.unlock(path, key)
        writer = ThreadPoolExecutor(1, thread_name_prefix=f"lake-write-{path.stem[:8]}")

        def make() -> Owned:
            with said_plainly(path):
                owned = Owned(path, synchronous=synchronous, key=key)
                with transaction(owned.connection, "IMMEDIATE"):
                    owned.connection.execute(schema)
                return owned

        try:
            owned = await asyncio.get_running_loop().run_in_executor(writer, make)
        except BaseException:
            writer.shutdown(wait=False)
            raise
        return cls(path, readers, owned, writer, key)

    async def write(self, fn: Callable[[apsw.Connection], T]) -> T:
        """`fn` in one transaction on the writer thread. OverLimit when the disk is full."""
        try:
            return await self._on_writer(fn)
        finally:
            self.writes += 1

    async def alone(self, fn: Callable[[apsw.Connection], T]) -> T:
        """`fn` on the writer thread outside any transaction, as SQLite wants it for some work on
        a whole file. OverLimit when the disk is full."""

        def run() -> T:
            with said_plainly(self.path):
                return fn(self._owned.connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._writer, run)
        finally:
            self.writes += 1

    async def _on_writer(self, fn: Callable[[apsw.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._write, fn)

    async def read(self, fn: Callable[[apsw.Connection], T]) -> T:
        """`fn` in one read transaction on a reader thread."""
        return await self._readers.run(self.path, fn)

    async def close(self) -> None:
        """Waits for the writes that were asked for."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self._owned.close)
        self._writer.shutdown(wait=True)
        self._readers.forget(self.path)

    def _write(self, fn: Callable[[apsw.Connection], T]) -> T:
        db = self._owned.connection
        with said_plainly(self.path), transaction(db, "IMMEDIATE"):
            return fn(db)


async def copy_to(db: Database, path: Path, key: SealingKey) -> None:
    """One state of a live file as a new file on SSD: compact, sealed, and on disk when this
    returns. What is at `path` is replaced. OverLimit when the disk is full: nothing is left.
    """
    await asyncio.to_thread(copied, db.path, db.key, path, key)


async def copy_from(path: Path, key: SealingKey, to: Path) -> None:
    """A sealed copy as the plain file that it was made from, on the RAM disk. Every page is
    authenticated: Corrupt names a copy that is not what was written, and `to` stays as it was.
    """
    await asyncio.to_thread(copied, path, key, to, None)


@contextmanager
def transaction(
    db: apsw.Connection, kind: Literal["DEFERRED", "IMMEDIATE"]
) -> Generator[apsw.Connection]:
    """Commits, or rolls back what an error has interrupted."""
    db.execute(f"BEGIN {kind}")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def said_plainly(path: Path) -> Generator[None]:
    """SQLite's errors as ours: full is OverLimit, malformed is Corrupt."""
    try:
        yield
    except PostDevAIError:
        raise
    except apsw.FullError as error:
        raise OverLimit(f"the disk under {path} is full", hint=HINT_FULL) from error
    except apsw.IOError as error:
        if _is_full(error):
            raise OverLimit(f"the disk under {path} is full", hint=HINT_FULL) from error
        raise Corrupt(f"{path} cannot be read or written: {error}") from error
    except apsw.CantOpenError as error:
        raise Corrupt(
            f"{path} cannot be opened: its disk is gone, or no place for files"
        ) from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise Corrupt(f"{path} is damaged: {error}") from error


def _is_full(error: apsw.IOError) -> bool:
    """Also where the file beside a WAL gets no room: that is not damage, and nothing is thrown
    away for it."""
    known: dict[str, int] = error.__dict__
    full = known.get("errno") == errno.ENOSPC or "ENOSPC" in str(error)
    return full or known.get("extendedresult") == apsw.SQLITE_IOERR_SHMSIZE


HINT_FULL = "Give the lake more room (POSTDEVAI_LAKE_BYTES) or free memory on this machine."
