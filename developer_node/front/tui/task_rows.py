"""The backlog of the mesh as rows and as pages: pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from textual.content import Content

from common.model.node import Node
from common.model.task import Task, TaskPage, TaskState
from common.short_ids import SHORT
from developer_node.front.output_words import count, percent
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.wording import age, moment

UNKNOWN = "Which tasks there are is not known without the Coordinator."
NONE = "No task is known."
AGAIN: frozenset[TaskState] = frozenset(("failed", "dead", "cancelled"))
"""A person may let such a task wait again."""
_QUIET = "$foreground-muted"
_SIGNS: dict[TaskState, tuple[str, str]] = {
    "waiting": ("·", _QUIET),
    "running": ("▸", "$text-accent"),
    "done": ("✓", "$text-success"),
    "failed": ("✗", "$text-error"),
    "dead": ("✗", "$text-error"),
    "cancelled": ("–", _QUIET),
}


def task_rows(known: TaskPage | None, now_ms: int) -> list[Row]:
    """Those that run and wait, then those that ended; a sentence where there is nothing to list."""
    if known is None:
        return [_said("tasks", UNKNOWN)]
    if not known.tasks:
        return [_said("tasks", NONE)]
    rows = [_row(task, now_ms) for task in known.tasks]
    if known.left_out:
        more = f"and {count(known.left_out, 'task')} more: postdevai tasks"
        rows.append(_said("tasks", more))
    return rows


def task_of(known: TaskPage | None, key: str) -> Task | None:
    """Whose row this is."""
    return next((t for t in known.tasks if key == f"task:{t.id}"), None) if known else None


def can_end(task: Task) -> bool:
    """It has not ended, and nobody has asked for that yet."""
    return not task.ended and not task.cancelling


def name(task: Task) -> str:
    """What it does, with what."""
    what = (task.kind, task.project, task.subject[:12])
    return one_line(" ".join(filter(None, what)), 60)


def task_page(task: Task, nodes: Sequence[Node], now_ms: int, zone: tzinfo | None) -> list[Content]:
    """Everything that is known of one task."""
    told = (
        ("task", task.id),
        ("what", " ".join(filter(None, (task.kind, task.project, task.subject)))),
        ("state", _state(task)),
        ("", one_line(task.sentence, 400)),
        ("reason", one_line(task.reason, 400)),
        ("attempts", f"{task.attempts} of {task.attempts_max}"),
        ("priority", str(task.priority) if task.priority else ""),
        ("only on", _who(task.node, nodes)),
        ("worker", _who(task.worker, nodes)),
        ("submitter", _who(task.submitter, nodes)),
        ("submitted", moment(task.created_ms, now_ms, zone)),
        ("begun", moment(task.started_ms, now_ms, zone) if task.started_ms else ""),
        ("ended", moment(task.ended_ms, now_ms, zone) if task.ended_ms else ""),
        ("not before", moment(task.ready_ms, now_ms, zone) if task.ready_ms > now_ms else ""),
    )
    lines = [Content.assemble((f"{name:<10} ", _QUIET), words) for name, words in told if words]
    if task.result:
        lines += [Content(""), *(Content(one_line(s, 400)) for s in task.result.splitlines())]
    return lines


def _row(task: Task, now_ms: int) -> Row:
    sign, style = _SIGNS[task.state]
    about = task.reason or task.sentence
    if task.state == "done":
        about = task.result.partition("\n")[0]
    said = f"  {one_line(about, 200)}" if about else ""
    left = Content.assemble((f"{sign} ", style), name(task), (said, _QUIET))
    bad = "$text-error" if task.state in ("failed", "dead") else _QUIET
    return Row(f"task:{task.id}", left, Content.styled(_fared(task, now_ms), bad))


def _fared(task: Task, now_ms: int) -> str:
    """The right end of its row."""
    if task.ended:
        return f"{_state(task)}  {age(task.ended_ms, now_ms)}"
    return _state(task)


def _state(task: Task) -> str:
    if task.cancelling:
        return "is being ended"
    if task.state == "running" and task.share:
        return f"running {percent(task.share)}"
    return "put aside" if task.state == "dead" else task.state


def _who(node_id: str, nodes: Sequence[Node]) -> str:
    if not node_id:
        return ""
    of_it = next((node for node in nodes if node.id == node_id), None)
    if of_it is None:
        return node_id
    return f"{of_it.role} {node_id[:SHORT]}" + (
        f" on {one_line(of_it.machine)}" if of_it.machine else ""
    )


def _said(key: str, sentence: str) -> Row:
    return Row(key, Content.styled(f"  {sentence}", _QUIET), Content(""))
