"""What follows from claims, results, silence and cancelling: laws over every order of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import Conflict
from common.model.ids import NodeId
from common.model.task import Failing, KeptTask, Task, TaskId
from coordinator_node.tasks import steps

ANY_TIME = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ME, OTHER = NodeId("w1"), NodeId("w2")
NEW = KeptTask(Task(TaskId("t"), "snapshot", attempts_max=2), "t.1")
ENDS_MS = 10_000


def running(kept: KeptTask = NEW, token: str = "a", now_ms: int = 0) -> KeptTask:
    return steps.begun(kept, ME, "life", token, now_ms + ENDS_MS, now_ms)


def test_only_the_claim_that_counts_moves_a_task() -> None:
    kept = running()
    for worker, token in ((ME, "b"), (OTHER, "a"), (ME, "")):
        with pytest.raises(Conflict):
            steps.moved_on(kept, worker, token, 0.5, "", 1)
        with pytest.raises(Conflict):
            steps.done(kept, worker, token, "r", 1)
        with pytest.raises(Conflict):
            steps.failed(kept, worker, token, "retry", "r", 1)
    assert steps.done(kept, ME, "a", "r", 1).task.state == "done"  # the control


def test_a_later_claim_makes_the_earlier_one_worthless() -> None:
    lost = steps.given_up(running(), ENDS_MS + steps.SLACK_MS)
    again = running(lost, "b")
    with pytest.raises(Conflict):
        steps.done(again, ME, "a", "too late", 1)
    assert steps.done(again, ME, "b", "r", 1).task.result == "r"


def test_what_is_told_twice_under_one_claim_counts_once() -> None:
    done = steps.done(running(), ME, "a", "r", 5)
    assert steps.done(done, ME, "a", "another", 9) == done
    waits = steps.failed(running(), ME, "a", "retry", "why", 5)
    assert steps.failed(waits, ME, "a", "retry", "why", 9) == waits


def test_a_retry_pauses_and_the_last_attempt_leaves_it_dead() -> None:
    first = steps.failed(running(), ME, "a", "retry", "no disk", 1_000)
    assert (first.task.state, first.task.reason) == ("waiting", "no disk")
    assert first.task.ready_ms == 3_000
    last = steps.failed(running(first, "b"), ME, "b", "retry", "no disk", 9_000)
    assert (last.task.state, last.task.attempts, last.task.ended_ms) == ("dead", 2, 9_000)


def test_what_is_handed_back_was_no_attempt() -> None:
    back = steps.failed(running(), ME, "a", "returned", "stopped", 1)
    assert (back.task.state, back.task.attempts, back.task.ready_ms) == ("waiting", 0, 0)


def test_what_can_never_be_done_has_failed_at_once() -> None:
    assert steps.failed(running(), ME, "a", "final", "no project", 1).task.state == "failed"


def test_one_that_waits_is_cancelled_at_once_and_one_that_runs_when_its_worker_says_so() -> None:
    assert steps.cancel_asked(NEW, 1).task.state == "cancelled"
    asked = steps.cancel_asked(running(), 1)
    assert (asked.task.state, asked.task.cancelling) == ("running", True)
    assert steps.failed(asked, ME, "a", "cancelled", "", 2).task.state == "cancelled"
    assert steps.given_up(asked, ENDS_MS * 2).task.state == "cancelled"
    assert steps.done(asked, ME, "a", "r", 2).task.state == "done"  # it came first


def test_a_claim_ends_in_silence_and_not_before() -> None:
    kept = running()
    assert steps.given_up(kept, ENDS_MS) == kept
    late = ENDS_MS + steps.SLACK_MS
    assert steps.given_up(kept, late).task.reason == steps.LOST
    assert steps.given_up(running(steps.given_up(kept, late), "b"), late).task.state == "dead"


def test_a_person_may_try_again_what_has_not_been_done() -> None:
    dead = replace(NEW, task=replace(NEW.task, state="dead", attempts=2, reason="r"))
    again = steps.again(dead, "t.2")
    assert (again.task.state, again.task.attempts, again.task.reason) == ("waiting", 0, "")
    assert again.job == "t.2"
    assert steps.again(running(), "t.3").job == "t.1"
    with pytest.raises(Conflict):
        steps.again(steps.done(running(), ME, "a", "r", 1), "t.4")


HOWS: tuple[Failing, ...] = ("retry", "final", "cancelled", "returned")
MOVE = st.tuples(
    st.sampled_from(("claim", "progress", "done", "fail", "cancel", "silence")),
    st.sampled_from("abc"),
    st.sampled_from(HOWS),
)


@ANY_TIME
@given(st.lists(MOVE, max_size=30))
def test_an_end_is_an_end_and_attempts_are_never_more_than_allowed(
    moves: list[tuple[str, str, Failing]],
) -> None:
    kept, now_ms = NEW, 0
    for move, token, how in moves:
        before, now_ms = kept, now_ms + 20_000
        try:
            match move:
                case "claim":
                    kept = running(kept, token, now_ms) if before.task.state == "waiting" else kept
                case "progress":
                    kept = steps.moved_on(kept, ME, token, 0.5, "", now_ms + ENDS_MS)
                case "done":
                    kept = steps.done(kept, ME, token, "r", now_ms)
                case "fail":
                    kept = steps.failed(kept, ME, token, how, "why", now_ms)
                case "cancel":
                    kept = steps.cancel_asked(kept, now_ms)
                case _:
                    kept = steps.given_up(kept, now_ms)
        except Conflict:
            assert kept == before
        if before.task.ended:
            assert kept == before
        assert kept.task.attempts <= kept.task.attempts_max
        assert kept.task.ended == bool(kept.task.ended_ms)
        if kept.task.state == "running":
            assert kept.token
