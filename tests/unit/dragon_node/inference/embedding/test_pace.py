"""The size of a slice follows the speed of the model."""

from __future__ import annotations

import pytest

from dragon_node.inference.embedding.pace import CHARS_MAX, CHARS_MIN, SLICE_S, Pace


@pytest.mark.parametrize("chars_per_s", [20_000.0, 100_000.0, 400_000.0])
@pytest.mark.parametrize("first", [CHARS_MIN, 4_096, CHARS_MAX])
def test_full_slices_come_to_take_the_time_that_they_may(chars_per_s: float, first: int):
    pace = Pace(first)
    for _ in range(12):
        pace.learn(pace.chars, pace.chars / chars_per_s)
    assert pace.chars / chars_per_s == pytest.approx(SLICE_S, rel=0.05)


def test_a_slice_that_had_to_load_the_model_halves_it_at_most():
    pace = Pace(4_096)
    pace.learn(4_096, 60.0)
    assert pace.chars == 2_048


def test_a_short_question_that_was_fast_says_nothing_of_long_texts():
    pace = Pace(4_096)
    pace.learn(20, 0.02)
    assert pace.chars == 4_096


def test_it_stays_within_its_bounds():
    pace = Pace(4_096)
    for _ in range(20):
        pace.learn(pace.chars, 100.0)
    assert pace.chars == CHARS_MIN
    for _ in range(20):
        pace.learn(pace.chars, 0.0)
    assert pace.chars == CHARS_MAX
