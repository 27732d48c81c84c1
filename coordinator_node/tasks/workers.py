"""Who asks for work, and so what a task that waits is waiting for."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from common.clock import Clock
from common.model.ids import NodeId
from common.model.task import Task
from coordinator_node.tasks import rules

ASKED_S = 5.0
"""One who asked so lately is between two questions."""


class Workers:
    """What each worker offered when it asked last, as far as this Coordinator heard it."""

    def __init__(self, clock: Clock, *, alone: bool = True) -> None:
        """`alone`: nobody asks another Coordinator."""
        self._clock = clock
        self._alone = alone
        self._offered: dict[NodeId, tuple[str, ...]] = {}
        self._asking: dict[NodeId, int] = {}
        self._left: dict[NodeId, float] = {}

    @contextmanager
    def asking(self, worker: NodeId, offered: Sequence[str]) -> Generator[None]:
        """A worker waits for work as long as the block lasts."""
        self._offered[worker] = tuple(offered)
        self._asking[worker] = self._asking.get(worker, 0) + 1
        try:
            yield
        finally:
            self._asking[worker] -= 1
            self._left[worker] = self._clock.monotonic()

    def shown(self, task: Task) -> Task:
        """A task that waits, with what it waits for; any other as it is."""
        if task.state != "waiting":
            return task
        if task.ready_ms > self._clock.now_ms():
            return replace(task, sentence="it pauses before it is tried again")
        lacking = rules.missing(task, self._there())
        if lacking and not self._alone:
            lacking = "it waits for its turn, or for a node that can do it"
        return replace(task, sentence=lacking or "it waits for its turn")

    def _there(self) -> list[tuple[NodeId, tuple[str, ...]]]:
        since = self._clock.monotonic() - ASKED_S
        return [
            (worker, offered)
            for worker, offered in self._offered.items()
            if self._asking.get(worker) or self._left.get(worker, 0.0) >= since
        ]
