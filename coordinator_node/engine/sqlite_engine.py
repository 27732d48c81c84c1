"""The engine inside the Coordinator: the four ports over one SQLite file, no other process."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from common.clock import Clock, SystemClock
from coordinator_node.engine.sqlite.kv import SqliteKv
from coordinator_node.engine.sqlite.leases import SqliteLeases
from coordinator_node.engine.sqlite.log import SqliteLog
from coordinator_node.engine.sqlite.moving import SqliteMoving
from coordinator_node.engine.sqlite.queue import SqliteQueue
from coordinator_node.engine.sqlite.store import Store, open_store


class SqliteEngine:
    """One of each port over the same file. Made by `open_sqlite`."""

    def __init__(self, store: Store) -> None:
        self.kv = SqliteKv(store)
        self.leases = SqliteLeases(store)
        self.log = SqliteLog(store)
        self.queue = SqliteQueue(store)
        self.moving = SqliteMoving(store)

    @property
    def name(self) -> str:
        """sqlite."""
        return "sqlite"


@asynccontextmanager
async def open_sqlite(path: Path, clock: Clock | None = None) -> AsyncGenerator[SqliteEngine]:
    """The engine over a file, made when it is not there."""
    async with open_store(path, clock or SystemClock()) as store:
        yield SqliteEngine(store)
