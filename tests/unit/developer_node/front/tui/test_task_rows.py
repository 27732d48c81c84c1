"""Tasks as rows: what each is about, and nothing that is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from common.model.task import Task, TaskPage, TaskState
from developer_node.front.tui.task_rows import (
    AGAIN,
    UNKNOWN,
    can_end,
    task_of,
    task_page,
    task_rows,
)
from tests.support.scripted_daemon import NOW_MS
from tests.support.tui_scenes_frame import BUSY_NODES, TASKS

RUNNING, WAITING, DEAD, DONE = TASKS.tasks


def told(*tasks: Task) -> list[str]:
    rows = task_rows(TaskPage(tasks), NOW_MS)
    return [f"{row.left.plain} | {row.right.plain}" for row in rows]


def test_each_says_how_far_it_is_what_it_waits_for_or_what_came_of_it() -> None:
    assert told(*TASKS.tasks) == [
        "▸ reindex ledger  1,240 of 2,950 files | running 42 %",
        "· snapshot  it waits for a dragon that asks for work | waiting",
        "✗ summarise ledger  no model is loaded that can summarise | put aside  10 minutes ago",
        "✓ compact  12 MB given back | done  2 hours ago",
    ]


def test_one_that_is_to_end_says_so_until_its_worker_has() -> None:
    (said,) = told(replace(RUNNING, cancelling=True))
    assert said.endswith("| is being ended")


def test_what_nobody_can_tell_now_is_not_shown_as_an_empty_list() -> None:
    (unknown,), (none,) = task_rows(None, NOW_MS), task_rows(TaskPage(), NOW_MS)
    assert UNKNOWN in unknown.left.plain
    assert "No task is known." in none.left.plain


@pytest.mark.parametrize("state", ["waiting", "running", "done", "failed", "dead", "cancelled"])
def test_a_task_can_be_ended_or_let_to_wait_again_and_never_both(state: TaskState) -> None:
    task = replace(WAITING, state=state)
    assert not (can_end(task) and task.state in AGAIN)
    assert can_end(task) is (state in ("waiting", "running"))
    assert not can_end(replace(task, cancelling=True))


def test_a_row_leads_to_its_task_and_a_heading_to_none() -> None:
    assert task_of(TASKS, f"task:{DEAD.id}") is DEAD
    assert task_of(TASKS, "head:tasks") is None
    assert task_of(None, f"task:{DEAD.id}") is None


def test_a_page_names_the_machine_and_has_all_of_the_result() -> None:
    page = "\n".join(each.plain for each in task_page(DONE, BUSY_NODES, NOW_MS, UTC))
    assert "ledger: 8 MB\nshop: 4 MB" in page
    nodes = (replace(BUSY_NODES[2], machine="studio"),)
    worked = "\n".join(each.plain for each in task_page(RUNNING, nodes, NOW_MS, UTC))
    assert "worker     dragon d0d0d0d0 on studio" in worked
    assert BUSY_NODES[1].id in worked  # of a node that is not there any more the id is all
