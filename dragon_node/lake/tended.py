"""A SQLite file that may be asleep: whoever touches it wakes it, and its users are counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import apsw

from dragon_node.lake.database import Database

T = TypeVar("T")


class Tended(Database):
    """Looks like the file itself to all who read and write it, and stays the same object while
    the file goes to sleep, wakes or is replaced: a read sees the old file or the new one."""

    def __init__(
        self, path: Path, wake: Callable[[], Awaitable[Database]], verify: Callable[[], None]
    ) -> None:
        """`wake` opens the file; `verify` raises when it must not be written any more."""
        self.path = path
        self.key = None  # it lies in memory
        self.writes = 0
        self.users = 0
        """Who reads or writes now, or waits until it is awake."""
        self.turn = asyncio.Lock()
        """Held while the file comes or goes."""
        self._wake = wake
        self._verify = verify
        self._held: Database | None = None
        self._inside = 0
        self._left = asyncio.Event()

    @property
    def is_awake(self) -> bool:
        """The file is open on the RAM disk."""
        return self._held is not None

    @asynccontextmanager
    async def awake(self) -> AsyncGenerator[Database]:
        """The open file, which stays open while the block runs. The block must not touch this
        file in another way: it would wait for itself when the file is being put away."""
        self.users += 1
        try:
            database = self._held or await self._woken()
            self._inside += 1
            try:
                yield database
            finally:
                self._inside -= 1
                self._left.set()
        finally:
            self.users -= 1

    async def read(self, fn: Callable[[apsw.Connection], T]) -> T:
        """`fn` in one read transaction on a reader thread."""
        async with self.awake() as database:
            return await database.read(fn)

    async def write(self, fn: Callable[[apsw.Connection], T]) -> T:
        """`fn` in one transaction on the writer thread. OverLimit when the disk is full."""
        # One who is cancelled leaves a write that goes on: it counts until it has ended.
        return await asyncio.shield(self._written(fn))

    async def alone(self, fn: Callable[[apsw.Connection], T]) -> T:
        """`fn` on the writer thread outside any transaction. OverLimit when the disk is full."""

        async def run() -> T:
            async with self.awake() as database:
                self._verify()
                try:
                    return await database.alone(fn)
                finally:
                    self.writes += 1

        return await asyncio.shield(run())

    async def _written(self, fn: Callable[[apsw.Connection], T]) -> T:
        async with self.awake() as database:
            self._verify()
            try:
                return await database.write(fn)
            finally:
                self.writes += 1

    async def put_away(self) -> Database | None:
        """The open file, which nobody uses any more, for the caller to close. Who touches it from
        here on waits for `turn`, which the caller holds."""
        database, self._held = self._held, None
        while self._inside:
            self._left.clear()
            await self._left.wait()
        return database

    async def close(self) -> None:
        """Waits for the writes that were asked for."""
        database = await self.put_away()
        if database is not None:
            await database.close()

    async def _woken(self) -> Database:
        async with self.turn:
            if self._held is None:
                self._held = await self._wake()
                self.writes += 1  # whatever was read before may be old
            return self._held
