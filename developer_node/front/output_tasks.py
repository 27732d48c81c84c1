"""Tasks for people and for scripts: what is to be done, how far it is, what came of it."""

from __future__ import annotations

from typing import Any

from common.model.task import Task, TaskPage
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import ago, count, iso, percent, when

Json = dict[str, Any]

STYLES = {
    "waiting": "",
    "running": "cyan",
    "done": "green",
    "failed": "red",
    "dead": "bold red",
    "cancelled": "dim",
}
SHORT_ID = 8
_TIMES = ("created_ms", "started_ms", "ended_ms", "ready_ms")
_NONE = ("project", "subject", "worker", "node", "sentence", "reason", "result")


def page(known: TaskPage, now_ms: int) -> list[Line]:
    """One line a task."""
    if not known.tasks:
        return [line("No task is known. Submit one: postdevai tasks submit snapshot")]
    lines = [row(task, now_ms) for task in known.tasks]
    if known.left_out:
        lines.append(line(Span(f"and {count(known.left_out, 'task')} more", "dim")))
    return lines


def row(task: Task, now_ms: int) -> Line:
    """A task in a line."""
    what = " ".join(filter(None, (task.kind, task.project, task.subject[:12])))
    return line(
        Span(f"{task.id[:SHORT_ID]}  ", "bold"),
        Span(f"{_state(task):<11}", STYLES[task.state]),
        f"{what:<28}  ",
        Span(_about(task, now_ms), "dim"),
    )


def whole(task: Task, now_ms: int) -> list[Line]:
    """All that is known of a task."""
    told = [
        ("Task", task.id),
        ("What", " ".join(filter(None, (task.kind, task.project, task.subject)))),
        ("State", _state(task)),
        ("", _sentence(task)),
        ("Reason", task.reason),
        ("Attempts", f"{task.attempts} of {task.attempts_max}"),
        ("Priority", str(task.priority) if task.priority else ""),
        ("Only on", task.node),
        ("Worker", task.worker),
        ("Submitted", f"{when(task.created_ms)}, by {task.submitter}"),
        ("Begun", when(task.started_ms) if task.started_ms else ""),
        ("Ended", _ended(task, now_ms)),
    ]
    lines = [_field(name, words) for name, words in told if words]
    if task.result:
        lines += [line(), *(line(each) for each in task.result.splitlines())]
    return lines


def as_json(task: Task) -> Json:
    """`tasks show --json`, and one entry of `tasks --json`."""
    known: Json = {
        "id": task.id,
        "kind": task.kind,
        "project": task.project,
        "subject": task.subject,
        "priority": task.priority,
        "state": task.state,
        "cancelling": task.cancelling,
        "attempts": task.attempts,
        "attempts_max": task.attempts_max,
        "worker": task.worker,
        "submitter": task.submitter,
        "node": task.node,
        "share": task.share,
        "sentence": task.sentence,
        "created": iso(task.created_ms),
        "started": iso(task.started_ms),
        "ended": iso(task.ended_ms),
        "ready": iso(task.ready_ms),
        "reason": task.reason,
        "result": task.result,
        "key": task.key,
    }
    return known | {name: known[name] or None for name in _NONE}


def page_json(known: TaskPage) -> Json:
    """`tasks --json`."""
    return {"tasks": [as_json(task) for task in known.tasks], "left_out": known.left_out}


def _state(task: Task) -> str:
    return "cancelling" if task.cancelling else task.state


def _about(task: Task, now_ms: int) -> str:
    if task.ended:
        came = task.reason if task.state != "done" else task.result.partition("\n")[0]
        return " · ".join(filter(None, (ago(task.ended_ms, now_ms), came)))
    return " · ".join(filter(None, (_sentence(task), task.reason)))


def _sentence(task: Task) -> str:
    if task.state != "running":
        return task.sentence
    return " ".join(filter(None, (percent(task.share), task.sentence)))


def _ended(task: Task, now_ms: int) -> str:
    return f"{when(task.ended_ms)}, {ago(task.ended_ms, now_ms)}" if task.ended_ms else ""


def _field(name: str, words: str) -> Line:
    return line(Span(f"{name:<11}", "bold"), words)
