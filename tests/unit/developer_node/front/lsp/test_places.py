"""A failure's line is followed through edits exactly, or it is not shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.model.failure import Failure, Frame
from developer_node.front.lsp import places
from developer_node.front.lsp.places import Spot, follow, spots

LINES = ["def a():", "    x = 1", "    return x", "", "def b():", "    return 2"]
FAILURE = Failure("pytest", "E", "test", "", "", "tests/test_a.py::test_a")


def test_nothing_changed() -> None:
    assert [follow(LINES, n, LINES) for n in range(1, 7)] == [1, 2, 3, 4, 5, 6]


def test_a_line_moves_with_what_is_put_before_it_and_not_with_what_comes_after() -> None:
    now = ["# new", *LINES, "# end"]
    assert [follow(LINES, n, now) for n in (1, 6)] == [2, 7]


def test_a_changed_line_is_gone_and_its_neighbours_are_not() -> None:
    now = [*LINES[:2], "    return x + 1", *LINES[3:]]
    assert [follow(LINES, n, now) for n in (2, 3, 4)] == [2, None, 4]


def test_a_line_that_was_taken_out_is_gone() -> None:
    assert follow(LINES, 3, [*LINES[:2], *LINES[3:]]) is None


def test_a_change_that_is_undone_brings_the_line_back() -> None:
    changed = [*LINES[:2], "    retur", *LINES[3:]]
    assert follow(LINES, 3, changed) is None
    assert follow(LINES, 3, list(LINES)) == 3


def test_two_edits_around_a_line_leave_it_found() -> None:
    now = ["import os", *LINES[:4], "def c():", *LINES[5:], "# end"]
    assert follow(LINES, 3, now) == 4


@pytest.mark.parametrize("line", [0, -1, 7, 99])
def test_a_line_that_the_file_never_had_is_nowhere(line: int) -> None:
    assert follow(LINES, line, LINES) is None


@settings(deadline=None)
@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=12),
    st.lists(st.sampled_from("abc"), max_size=12),
    st.integers(1, 12),
)
def test_where_a_line_is_found_it_reads_the_same(
    before: list[str], now: list[str], line: int
) -> None:
    found = follow(before, line, now)
    assert found is None or now[found - 1] == before[line - 1]


def test_in_a_long_changed_middle_only_a_line_that_is_alone_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "COMPARED_LINES_MAX", 3)
    before = ["1", "same", "x", "same", "2", "only", "3"]
    now = ["0", "same", "y", "same", "9", "8", "only", "7"]
    assert follow(before, 6, now) == 7
    assert follow(before, 2, now) is None


def test_a_failure_is_shown_where_it_happened_and_in_its_test() -> None:
    frames = (
        Frame("tests/test_a.py", "test_a", 3, True),
        Frame("src/a.py", "outer", 7, True),
        Frame("src/a.py", "inner", 9, True),
        Frame("/usr/lib/python3/x.py", "lib", 1),
    )
    assert spots(replace(FAILURE, frames=frames)) == (
        Spot("src/a.py", 9, "inner"),
        Spot("tests/test_a.py", 3, "test_a"),
    )


def test_a_failure_in_the_test_itself_is_shown_once() -> None:
    frames = (Frame("tests/test_a.py", "test_a", 3, True),)
    assert spots(replace(FAILURE, frames=frames)) == (Spot("tests/test_a.py", 3, "test_a"),)


@pytest.mark.parametrize(
    "frame",
    [
        Frame("src/a.py", "f", 0, True),
        Frame("src/a.py", "f", 3, False),
        Frame("/elsewhere/a.py", "f", 3, True),
    ],
)
def test_no_line_of_ones_own_is_no_place(frame: Frame) -> None:
    assert spots(replace(FAILURE, frames=(frame,))) == ()
