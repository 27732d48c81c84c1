"""The order of a list, and that it always fits into a message."""

from __future__ import annotations

from common.model.task import RESULT_MAX, Task, TaskId, TaskState
from coordinator_node.tasks.listing import OPEN_MAX, RESULT_SHOWN, listed


def task(name: str, state: TaskState = "waiting", **more: int) -> Task:
    return Task(TaskId(name), "snapshot", state=state, **more)  # type: ignore[arg-type]


def names(tasks: tuple[Task, ...]) -> list[str]:
    return [each.id for each in tasks]


def test_what_runs_is_first_then_the_turn_then_the_newest_that_ended() -> None:
    tasks = [
        task("old", "done", ended_ms=1),
        task("late", created_ms=2),
        task("urgent", priority=5, created_ms=9),
        task("new", "dead", ended_ms=7),
        task("early", created_ms=1),
        task("runs", "running", created_ms=9),
    ]
    page = listed(tasks, (), 5, 3)
    assert names(page.tasks) == ["runs", "urgent", "early", "late", "new", "old"]
    assert (page.left_out, page.cursor) == (0, 3)
    assert names(listed(tasks, ("done", "dead"), 1, 3).tasks) == ["new"]
    assert listed(tasks, ("done", "dead"), 1, 3).left_out == 1


def test_a_list_is_never_too_large() -> None:
    tasks = [task(f"{n:05}", created_ms=n) for n in range(OPEN_MAX + 5)]
    long = Task(TaskId("t"), "snapshot", state="done", result="x" * RESULT_MAX)
    page = listed([*tasks, long], (), 1, 0)
    assert (len(page.tasks), page.left_out) == (OPEN_MAX + 1, 5)
    assert len(page.tasks[-1].result) == RESULT_SHOWN
