"""What was done, in numbers."""

from __future__ import annotations

from dragon_node.inference.scheduling.counts import Tally
from tests.support.scheduling import FixedClock


def test_rates_are_of_the_last_ten_seconds():
    clock = FixedClock()
    tally = Tally(clock.monotonic)
    tally.stepped(4, 40, 100)
    clock.pass_s(1)
    tally.stepped(2, 10, 0)
    counts = tally.counts()
    assert (counts.tokens_per_s, counts.prompt_tokens_per_s) == (5.0, 10.0)
    clock.pass_s(9.5)
    assert (tally.counts().tokens_per_s, tally.counts().prompt_tokens_per_s) == (1.0, 0.0)
    clock.pass_s(10)
    assert tally.counts().tokens_per_s == 0.0
    assert tally.counts().completion_tokens == 50


def test_the_width_is_of_the_last_step_while_somebody_runs():
    tally = Tally(FixedClock().monotonic)
    tally.stepped(8, 8, 0)
    tally.running(waiting=1, running=8)
    assert (tally.counts().batch_width, tally.counts().running) == (8, 8)
    tally.running(waiting=0, running=0)
    assert tally.counts().batch_width == 0


def test_what_has_been_done_only_grows():
    tally = Tally(FixedClock().monotonic)
    tally.began(100, 60)
    tally.began(10, 0)
    tally.ended("finished")
    tally.ended("cancelled")
    tally.add(instead=1, evicted=2)
    counts = tally.counts()
    assert (counts.prompt_tokens, counts.cached_tokens) == (110, 60)
    assert (counts.finished, counts.cancelled, counts.failed, counts.refused) == (1, 1, 0, 0)
    assert (counts.instead, counts.evicted) == (1, 2)
