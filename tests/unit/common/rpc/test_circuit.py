"""A circuit spares callers the wait, and never keeps them out once the node is there again."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from common.errors import Missing, PostDevAIError, Unavailable
from common.rpc.circuit import FAILURES_MAX, OPEN_MOST_S, Breaker
from tests.support.scripted_daemon import SetClock

AWAY = Unavailable("nobody answers at that address", hint="postdevai up")


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with suppress(Unavailable), breaker.attempt():
            raise AWAY


def opened(clock: SetClock) -> Breaker:
    breaker = Breaker("lake", clock)
    fail(breaker, FAILURES_MAX)
    return breaker


def test_it_is_closed_until_there_were_several_failures_in_a_row() -> None:
    breaker = Breaker("lake", SetClock())
    fail(breaker, FAILURES_MAX - 1)
    assert (breaker.now().state, breaker.now().failures) == ("closed", FAILURES_MAX - 1)
    fail(breaker)
    assert (breaker.now().state, breaker.now().sentence) == ("open", AWAY.message)


def test_an_answer_in_between_begins_the_count_anew() -> None:
    breaker = Breaker("lake", SetClock())
    fail(breaker, FAILURES_MAX - 1)
    with breaker.attempt():
        pass
    fail(breaker, FAILURES_MAX - 1)
    assert breaker.now().state == "closed"


def test_an_open_one_refuses_at_once_with_the_last_words() -> None:
    breaker = opened(SetClock())
    with pytest.raises(Unavailable, match=AWAY.message) as refused, breaker.attempt():
        pytest.fail("nothing may be sent")
    assert refused.value.hint == AWAY.hint


def test_after_its_time_one_call_finds_out_while_others_are_still_refused() -> None:
    clock = SetClock()
    breaker = opened(clock)
    clock.at_ms = breaker.now().retry_at_ms
    with breaker.attempt():
        assert breaker.now().state == "trying"
        with pytest.raises(Unavailable), breaker.attempt():
            pytest.fail("a second one may not go")
    assert breaker.now() == Breaker("lake", clock).now()


def test_a_trial_that_fails_keeps_it_open_for_longer() -> None:
    clock = SetClock()
    breaker = opened(clock)
    clock.at_ms = breaker.now().retry_at_ms
    fail(breaker)
    assert breaker.now().state == "open"
    assert clock.at_ms < breaker.now().retry_at_ms <= clock.at_ms + OPEN_MOST_S * 1_000


def test_a_trial_that_says_nothing_keeps_nobody_out_for_ever() -> None:
    """A stream on which nothing happens is such a call."""
    clock = SetClock()
    breaker = opened(clock)
    clock.at_ms = breaker.now().retry_at_ms
    with breaker.attempt():
        clock.at_ms += round(OPEN_MOST_S * 1_000)
        with breaker.attempt():
            pass
    assert breaker.now().state == "closed"


@pytest.mark.parametrize("error", [Missing("there is no such event"), Unavailable("replaying")])
def test_a_refusal_by_the_node_itself_is_an_answer(error: PostDevAIError) -> None:
    breaker = Breaker("lake", SetClock())
    for _ in range(FAILURES_MAX):
        with suppress(PostDevAIError), breaker.attempt() as attempt:
            attempt.answered = True
            raise error
    assert breaker.now().failures == 0


def test_a_call_that_its_caller_gave_up_says_nothing() -> None:
    breaker = Breaker("lake", SetClock())
    fail(breaker, FAILURES_MAX - 1)
    with suppress(asyncio.CancelledError), breaker.attempt():
        raise asyncio.CancelledError
    assert breaker.now().failures == FAILURES_MAX - 1


def test_a_clock_that_is_set_back_keeps_nobody_out() -> None:
    class Set(SetClock):
        def monotonic(self) -> float:
            return self.runs_s

        runs_s = 1_000.0

    clock = Set()
    breaker = opened(clock)
    clock.at_ms -= 3_600_000
    clock.runs_s += OPEN_MOST_S
    with breaker.attempt():
        pass
    assert breaker.now().state == "closed"
