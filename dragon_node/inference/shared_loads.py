"""Loads that were asked for: one a model, whoever waits for it."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from dragon_node.inference.scheduling.scheduler import Scheduler

log = logging.getLogger(__name__)


class SharedLoads:
    """On one event loop."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def of(self, name: str) -> asyncio.Task[None]:
        """The load under way, or a new one. It goes on when who waits for it leaves; its error says
        why there is none."""
        if name not in self._tasks:
            task = asyncio.create_task(self._scheduler.load(name, "asked for by its owner"))
            self._tasks[name] = task
            task.add_done_callback(partial(self._ended, name))
        return self._tasks[name]

    async def close(self) -> None:
        """Ends them."""
        for task in (tasks := list(self._tasks.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        del self._tasks[name]
        if not task.cancelled() and (why := task.exception()) is not None:
            log.warning("a model was not loaded: %s model=%s", why, name)
