"""What happens to a kept task, each step a pure function of the task as it was."""

from __future__ import annotations

from dataclasses import replace

from common.errors import Conflict
from common.model.ids import NodeId
from common.model.task import Failing, KeptTask, Task, TaskId, TaskWish
from coordinator_node.tasks.rules import ATTEMPTS_MAX, pause_s

SLACK_MS = 1_000
"""A claim is taken to have ended so long after its end: the queue's clock is another one."""
LOST = "its worker was not heard from in time"
TOO_OFTEN = "it was begun {} times and never came to an end"


def submitted(wish: TaskWish, task_id: TaskId, submitter: NodeId, now_ms: int) -> Task:
    """A task as it begins."""
    return Task(
        id=task_id,
        kind=wish.kind,
        project=wish.project,
        subject=wish.subject,
        priority=wish.priority,
        attempts_max=ATTEMPTS_MAX[wish.kind],
        submitter=submitter,
        node=wish.node,
        created_ms=now_ms,
        key=wish.key,
        consent=wish.consent,
    )


def begun(
    kept: KeptTask, worker: NodeId, life: str, token: str, ends_ms: int, now_ms: int
) -> KeptTask:
    """A worker has it. One that is to end, or was begun too often, ends instead."""
    task = kept.task
    if task.ended:
        return kept
    if task.cancelling:
        return cancelled(kept, now_ms)
    if task.attempts >= task.attempts_max:
        return _ended(kept, "dead", now_ms, reason=TOO_OFTEN.format(task.attempts))
    running = replace(
        task,
        state="running",
        attempts=task.attempts + 1,
        worker=worker,
        started_ms=now_ms,
        ready_ms=0,
        share=0.0,
        sentence="",
        reason="",
    )
    return KeptTask(running, kept.job, token, ends_ms, life)


def moved_on(
    kept: KeptTask, worker: NodeId, token: str, share: float, sentence: str, ends_ms: int
) -> KeptTask:
    """Its worker told how far it is, and has it for longer."""
    held(kept, worker, token)
    task = replace(kept.task, share=min(1.0, max(0.0, share)), sentence=sentence)
    return replace(kept, task=task, claim_ends_ms=ends_ms)


def done(kept: KeptTask, worker: NodeId, token: str, result: str, now_ms: int) -> KeptTask:
    """It is done; told twice under one claim it is done once."""
    if kept.task.state == "done" and token and kept.token == token:
        return kept
    held(kept, worker, token)
    task = replace(kept.task, result=result, share=1.0, sentence="", reason="")
    return _ended(replace(kept, task=task), "done", now_ms, token=token)


def failed(
    kept: KeptTask, worker: NodeId, token: str, how: Failing, reason: str, now_ms: int
) -> KeptTask:
    """It is not done: it waits again, or has ended; told twice under one claim it counts once."""
    task = kept.task
    if token and kept.token == token and task.state != "running":
        return kept
    held(kept, worker, token)
    if how == "cancelled" or task.cancelling:
        return cancelled(kept, now_ms, token=token)
    if how == "returned":
        attempts = max(0, task.attempts - 1)
        again = replace(task, state="waiting", attempts=attempts, share=0.0, sentence="")
        return KeptTask(replace(again, reason=reason), kept.job, token)
    if how == "final":
        return _ended(kept, "failed", now_ms, reason=reason, token=token)
    if task.attempts >= task.attempts_max:
        return _ended(kept, "dead", now_ms, reason=reason, token=token)
    ready_ms = now_ms + int(1000 * pause_s(task.attempts))
    again = replace(task, state="waiting", ready_ms=ready_ms, share=0.0, sentence="")
    return KeptTask(replace(again, reason=reason), kept.job, token)


def cancel_asked(kept: KeptTask, now_ms: int) -> KeptTask:
    """A person wants it to end: at once while it waits, else as soon as its worker has heard."""
    if kept.task.ended:
        return kept
    if kept.task.state == "waiting":
        return cancelled(kept, now_ms)
    return replace(kept, task=replace(kept.task, cancelling=True))


def cancelled(kept: KeptTask, now_ms: int, token: str = "") -> KeptTask:
    """It has ended because a person wanted it."""
    return _ended(kept, "cancelled", now_ms, reason="it was cancelled", token=token)


def again(kept: KeptTask, job: str) -> KeptTask:
    """A person wants it to be tried again: as if it had just been submitted. Conflict when it
    is done; nothing while it waits or runs."""
    task = kept.task
    if not task.ended:
        return kept
    if task.state == "done":
        raise Conflict(f"task {task.id} is done", hint="Submit a new one.")
    waiting = replace(
        task,
        state="waiting",
        attempts=0,
        worker=NodeId(""),
        share=0.0,
        sentence="",
        started_ms=0,
        ended_ms=0,
        ready_ms=0,
        reason="",
        result="",
        cancelling=False,
    )
    return KeptTask(waiting, job)


def given_up(kept: KeptTask, now_ms: int) -> KeptTask:
    """What becomes of one whose claim has ended while nobody told anything."""
    task = kept.task
    if task.state != "running" or now_ms < kept.claim_ends_ms + SLACK_MS:
        return kept
    return let_go(kept, now_ms, LOST)


def left_behind(kept: KeptTask, worker: NodeId, life: str, now_ms: int) -> KeptTask:
    """What becomes of one that an earlier life of a worker had."""
    task = kept.task
    if task.state != "running" or task.worker != worker or kept.life == life:
        return kept
    return let_go(kept, now_ms, "its worker was started anew")


def let_go(kept: KeptTask, now_ms: int, reason: str) -> KeptTask:
    """Its worker has it no more, and said nothing: it waits again unless it was begun too often."""
    task = kept.task
    if task.cancelling:
        return cancelled(kept, now_ms)
    if task.attempts >= task.attempts_max:
        return _ended(kept, "dead", now_ms, reason=reason)
    waiting = replace(task, state="waiting", share=0.0, sentence="", reason=reason)
    return KeptTask(waiting, kept.job)


def held(kept: KeptTask, worker: NodeId, token: str) -> None:
    """Conflict unless this claim of this worker is the one that counts."""
    task = kept.task
    if not token or kept.token != token or task.worker != worker or task.state != "running":
        raise Conflict(
            f"this claim of task {task.id} has ended", hint="What came of it is not taken."
        )


def is_same(task: Task, other: Task) -> bool:
    """Whether two submissions under one key want the same."""
    return (task.kind, task.project, task.subject, task.node) == (
        other.kind,
        other.project,
        other.subject,
        other.node,
    )


def _ended(
    kept: KeptTask,
    state: str,
    now_ms: int,
    *,
    reason: str | None = None,
    token: str = "",
) -> KeptTask:
    task = kept.task
    ended = replace(
        task,
        state=state,  # pyright: ignore[reportArgumentType]
        ended_ms=now_ms,
        ready_ms=0,
        cancelling=False,
        sentence="",
        reason=task.reason if reason is None else reason,
    )
    return KeptTask(ended, kept.job, token)
