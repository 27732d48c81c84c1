"""Tasks in the order in which a person reads them: a pure decision."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from common.model.task import Task, TaskPage, TaskState

OPEN_MAX = 2_000
RESULT_SHOWN = 500
"""Characters of a result in a list; the task alone has all of it."""


def listed(
    tasks: Iterable[Task], states: Collection[TaskState], ended_max: int, cursor: int
) -> TaskPage:
    """Those that run, those that wait in the order of their turn, then the newest that ended.
    It fits into a message: the rest is counted, and results are cut."""
    wanted = [task for task in tasks if not states or task.state in states]
    open_ones = sorted((task for task in wanted if not task.ended), key=_turn)
    ended = sorted((task for task in wanted if task.ended), key=_newest)
    shown = (*open_ones[:OPEN_MAX], *ended[:ended_max])
    left_out = len(open_ones) + len(ended) - len(shown)
    return TaskPage(tuple(map(_cut, shown)), left_out, cursor)


def _cut(task: Task) -> Task:
    return replace(task, result=task.result[:RESULT_SHOWN])


def _turn(task: Task) -> tuple[bool, int, int, str]:
    return (task.state != "running", -task.priority, task.created_ms, task.id)


def _newest(task: Task) -> tuple[int, str]:
    return (-task.ended_ms, task.id)
