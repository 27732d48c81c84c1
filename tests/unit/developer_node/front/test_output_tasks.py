"""Tasks as a person reads them."""

from __future__ import annotations

from dataclasses import replace

from common.model.ids import NodeId
from common.model.task import Task, TaskId, TaskPage
from developer_node.front import output_tasks
from developer_node.front.output_page import Line

NOW_MS = 1_772_546_700_000
TASK = Task(
    TaskId("9c1f0a7722b3d4e5"),
    "reindex",
    "thing",
    attempts_max=3,
    submitter=NodeId("l1"),
    sentence="it waits for its turn",
    created_ms=NOW_MS - 60_000,
)
RUNNING = replace(TASK, state="running", share=0.42, sentence="words: thing", attempts=1)
DONE = replace(TASK, state="done", sentence="", ended_ms=NOW_MS, result="2 chunks\n\nand more")


def text(*lines: Line) -> str:
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


def test_each_task_is_a_line_that_says_how_far_it_is_or_what_came_of_it() -> None:
    dead = replace(DONE, state="dead", reason="no disk", result="")
    page = text(*output_tasks.page(TaskPage((RUNNING, TASK, DONE, dead), 7), NOW_MS))
    running, waiting, done, put_aside, more = page.splitlines()
    assert running == ("9c1f0a77  running    reindex thing                 42 % words: thing")
    assert waiting.endswith("it waits for its turn")
    assert done.endswith("just now · 2 chunks")
    assert put_aside.endswith("just now · no disk")
    assert more == "and 7 tasks more"


def test_without_a_task_it_is_said_how_one_is_submitted() -> None:
    assert "postdevai tasks submit" in text(*output_tasks.page(TaskPage(), NOW_MS))


def test_one_that_is_to_end_is_not_called_ended() -> None:
    cancelling = replace(RUNNING, cancelling=True)
    assert "cancelling" in text(output_tasks.row(cancelling, NOW_MS))
    assert "cancelled" not in text(*output_tasks.whole(cancelling, NOW_MS))


def test_a_whole_task_ends_with_all_that_came_of_it() -> None:
    whole = text(*output_tasks.whole(DONE, NOW_MS))
    assert whole.endswith("\n\n2 chunks\n\nand more")
    assert "State      done" in whole and "9c1f0a7722b3d4e5" in whole


def test_what_is_not_known_is_null_for_scripts() -> None:
    data = output_tasks.as_json(TASK)
    assert (data["worker"], data["result"], data["ended"]) == (None, None, None)
    assert data["sentence"] == "it waits for its turn"
