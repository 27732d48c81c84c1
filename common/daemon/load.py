"""What this process is busy with, for its heartbeats."""

from __future__ import annotations

from collections.abc import Callable

import psutil

from common.model.node import NodeLoad


class OwnLoad:
    """Measures this process; `queue` says how many requests wait or run."""

    def __init__(self, queue: Callable[[], int] = lambda: 0) -> None:
        self._queue = queue
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first reading only starts the interval
        psutil.cpu_percent()

    def __call__(self) -> NodeLoad:
        """The load since the last call."""
        with self._process.oneshot():
            cpu = self._process.cpu_percent() / 100
            rss = self._process.memory_info().rss
        memory = psutil.virtual_memory()
        used = memory.total - memory.available
        return NodeLoad(self._queue(), rss, cpu, psutil.cpu_percent() / 100, used, memory.total)
