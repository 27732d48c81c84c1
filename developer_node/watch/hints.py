"""Gathers hints from watchdog's threads, so that a burst of saves is looked at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass

COALESCE_S = 0.08
"""How long the first hint of a burst waits for others."""

PATHS_MAX = 20_000
"""More paths than this at once are not remembered one by one: everything is looked at again."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What was hinted at since the last burst."""

    paths: frozenset[str]
    everything: bool
    """Notices were lost, somebody asked for it, or nothing came for a long time."""


class Hints:
    """Filled from any thread, emptied by one task."""

    def __init__(self, *, coalesce_s: float = COALESCE_S, paths_max: int = PATHS_MAX) -> None:
        self._loop = asyncio.get_running_loop()
        self._some = asyncio.Event()
        self._lock = threading.Lock()
        self._paths: set[str] = set()
        self._everything = False
        self._coalesce_s = coalesce_s
        self._paths_max = paths_max

    def add(self, path: str) -> None:
        """Something happened to this path."""
        with self._lock:
            first = not self._paths and not self._everything
            if not self._everything:
                self._paths.add(path)
            if len(self._paths) > self._paths_max:
                self._paths.clear()
                self._everything = True
        if first:
            self._wake()

    def lose(self) -> None:
        """Anything may have happened."""
        with self._lock:
            self._paths.clear()
            self._everything = True
        self._wake()

    async def take(self, longest_s: float) -> Burst:
        """The next burst; after `longest_s` without any, one that asks for everything."""
        try:
            async with asyncio.timeout(longest_s):
                await self._some.wait()
        except TimeoutError:
            return Burst(frozenset(), everything=True)
        await asyncio.sleep(self._coalesce_s)
        with self._lock:
            burst = Burst(frozenset(self._paths), self._everything)
            self._paths.clear()
            self._everything = False
            self._some.clear()
        return burst

    def _wake(self) -> None:
        # the loop is closed when the daemon was torn down before watchdog's thread
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._some.set)
