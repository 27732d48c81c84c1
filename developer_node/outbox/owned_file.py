"""A sealed SQLite file that one thread owns; one that cannot be read is put aside, not removed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw

from developer_node.outbox.sql import Sql

T = TypeVar("T")


class OwnedFile:
    """What the laptop's own files have in common. `_sql` is None before it is open and after."""

    def __init__(self, path: Path, thread: str) -> None:
        self.path = path
        self.aside = path.with_name(path.name + ".aside")
        """Where a file is put that cannot be read."""
        self.sentence = ""
        """What was wrong with the file; empty when nothing was."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=thread)
        self._sql: Sql | None = None

    async def close(self) -> None:
        """Ends after the jobs that already wait."""
        await self._on_thread(self._close)
        self._thread.shutdown(wait=False)

    def bytes(self) -> int:
        """On disk."""
        found = 0
        for suffix in ("", "-wal"):
            with contextlib.suppress(OSError):
                found += self.path.with_name(self.path.name + suffix).stat().st_size
        return found

    async def _on_thread(self, fn: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, fn)

    def _put_aside(self) -> None:
        self._close()
        with contextlib.suppress(FileNotFoundError):
            self.path.replace(self.aside)
        for suffix in ("-wal", "-shm", "-journal"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _close(self) -> None:
        if self._sql is not None:
            with contextlib.suppress(apsw.Error):
                self._sql.close()
            self._sql = None
