"""Waiting grows, has chance in it, ends somewhere, and begins small again."""

from __future__ import annotations

import random

import pytest

from common.backoff import Backoff


def test_each_wait_lies_between_half_and_all_of_a_step_that_doubles_up_to_its_limit() -> None:
    backoff = Backoff(0.1, 3.0)
    steps = [min(3.0, 0.1 * 2**n) for n in range(12)]
    for step in steps:
        assert step / 2 <= backoff.next_s() <= step


def test_two_that_began_together_do_not_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without chance everybody would come back in the same instant."""
    drawn = random.Random(7)
    monkeypatch.setattr(random, "uniform", drawn.uniform)
    one, other = Backoff(), Backoff()
    assert [one.next_s() for _ in range(5)] != [other.next_s() for _ in range(5)]


def test_after_a_success_it_begins_small_again() -> None:
    backoff = Backoff(0.1, 3.0)
    for _ in range(6):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 0.1
