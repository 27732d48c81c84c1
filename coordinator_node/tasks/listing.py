"""Tasks in the order in which a person reads them: a pure decision."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from common.model.task import Task, TaskPage, TaskState


def listed(
    tasks: Iterable[Task], states: Collection[TaskState], ended_max: int, cursor: int
) -> TaskPage:
    """Those that run, those that wait in the order of their turn, then the newest that ended."""
    wanted = [task for task in tasks if not states or task.state in states]
    open_ones = sorted((task for task in wanted if not task.ended), key=_turn)
    ended = sorted((task for task in wanted if task.ended), key=_newest)
    left_out = max(0, len(ended) - ended_max)
    return TaskPage((*open_ones, *ended[:ended_max]), left_out, cursor)


def _turn(task: Task) -> tuple[bool, int, int, str]:
    return (task.state != "running", -task.priority, task.created_ms, task.id)


def _newest(task: Task) -> tuple[int, str]:
    return (-task.ended_ms, task.id)
