"""Stamps only rise, whatever the wall clock does, and clocks that disagree are told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Conflict
from common.shared.stamps import Stamps, check_clocks, check_stamp, ms_of, stamp_at


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 1 << 45))))
def test_a_stamp_is_above_all_that_were_given_or_seen(steps: list[tuple[bool, int]]) -> None:
    stamps, newest = Stamps(), 0
    for seen, ms in steps:
        if seen:
            stamps.see(stamp_at(ms))
            newest = max(newest, stamp_at(ms))
        else:
            given_stamp = stamps.next(ms)
            assert given_stamp > newest
            assert ms_of(given_stamp) >= ms
            newest = given_stamp


def test_a_clock_that_was_set_back_takes_no_stamp_twice() -> None:
    stamps = Stamps()
    first = stamps.next(5_000)
    assert stamps.next(1_000) == first + 1


def test_an_hour_ahead_is_refused_in_words() -> None:
    with pytest.raises(Conflict, match=r"60 min ahead of the Coordinator's") as refused:
        check_clocks(1_000_000 + 3_600_000, 1_000_000)
    assert "Set the clock" in refused.value.hint


def test_behind_is_refused_too() -> None:
    with pytest.raises(Conflict, match="2 h 1 min behind"):
        check_clocks(0, 2 * 3_600_000 + 60_000)


def test_a_minute_is_within_bounds_and_a_millisecond_more_is_not() -> None:
    check_clocks(60_000, 0)
    check_stamp(stamp_at(60_000), 0)
    for check in (lambda: check_clocks(60_001, 0), lambda: check_stamp(stamp_at(60_001), 0)):
        with pytest.raises(Conflict):
            check()
