"""Amounts as bars: never wider than their room, and never nothing for something."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from developer_node.front.tui.bars import (
    flowed,
    legend,
    share_bar,
    share_words,
    sparkline,
    stacked,
)

SHARES = [("a", 50), ("b", 0), ("c", 1)]


def test_shares_are_drawn_by_their_size_and_the_smallest_is_seen() -> None:
    assert stacked(SHARES, 100, 10, {}).plain == "██████░░░░"


@given(st.lists(st.integers(0, 10**12), max_size=8), st.integers(0, 10**12), st.integers(1, 200))
def test_a_bar_is_always_as_wide_as_its_room(taken: list[int], whole: int, width: int) -> None:
    """Also where more is spoken for than there is."""
    shares = [(str(n), each) for n, each in enumerate(taken)]
    assert stacked(shares, whole, width, {}).cell_length == width


def test_the_legend_says_it_in_words_and_leaves_out_who_takes_nothing() -> None:
    assert [part.plain for part in legend(SHARES, 200, {})] == [
        "■ a 50 bytes 25 %",
        "■ c 1 bytes under 1 %",
    ]


def test_something_is_never_said_to_be_nothing() -> None:
    assert share_words(1, 10_000) == "under 1 %"
    assert share_words(0, 10_000) == "0 %"
    assert share_words(5, 0) == "?"
    assert share_bar(0.001, 10).plain == "█░░░░░░░░░"
    assert share_bar(0.0, 10).plain == "░░░░░░░░░░"
    assert share_bar(7.0, 10).plain == "█" * 10


def test_a_curve_has_a_cell_for_each_value_until_they_are_too_many() -> None:
    """Then each cell is the highest of several: a peak is not lost."""
    assert sparkline([0, 7], 10) == "▁█"
    assert sparkline([0, 0, 9, 0], 2) == "▁█"
    assert sparkline([0, 0], 10) == "▁▁"
    assert sparkline([], 10) == ""


def test_a_part_that_does_not_fit_begins_a_line() -> None:
    parts = [Content("one"), Content("two"), Content("three")]
    assert flowed(parts, 8).plain == "one  two\nthree"
    assert flowed([Content("longer than that")], 8).plain == "longer than that"
