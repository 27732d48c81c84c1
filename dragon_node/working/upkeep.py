"""Executors of the tasks that look after the lake: its own long work, told as progress."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from common.errors import Corrupt, Unavailable
from common.model.lake import LakeStep
from common.model.task import Task
from common.worker import Executor, Result, Step, Steps

Work = AsyncGenerator[LakeStep]


class Lake(Protocol):
    """What of the lake is worked on."""

    def reindex(self, project: str) -> Work: ...
    def compact(self) -> Work: ...
    def snapshot(self) -> Work: ...


def reindexing(lake: Lake) -> Executor:
    """Words and indexes of vectors of a project, anew."""
    return _executor(lambda task: lake.reindex(task.project))


def compacting(lake: Lake) -> Executor:
    """Files without what is free in them."""
    return _executor(lambda task: lake.compact())


def snapshotting(lake: Lake) -> Executor:
    """A generation on the SSD."""
    return _executor(lambda task: lake.snapshot())


def _executor(begin: Callable[[Task], Work]) -> Executor:
    async def execute(task: Task) -> Steps:
        async with aclosing(begin(task)) as work:
            async for step in work:
                if not step.ok:
                    raise Corrupt(step.sentence or step.step)
                if step.ended:
                    yield Result(step.sentence or step.step)
                    return
                share = step.done / step.total if step.total else 0.0
                yield Step(": ".join(filter(None, (step.step, step.sentence))), share)
        raise Unavailable("it ended before it was done")

    return execute
