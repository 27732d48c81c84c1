"""A marker that names no passage is never shown, however the text is cut into pieces."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.markers import Markers


def checked(text: str, passages: int = 3) -> tuple[str, tuple[int, ...]]:
    markers = Markers(passages)
    shown = markers.feed(text) + markers.flush()
    assert shown == markers.shown
    return shown, markers.cited


@pytest.mark.parametrize(
    ("text", "shown", "cited"),
    [
        ("It syncs [1].", "It syncs [1].", (1,)),
        ("It syncs [9].", "It syncs.", ()),
        ("It syncs [0] and [4] and [3].", "It syncs and and [3].", (3,)),
        ("Both [1, 2].", "Both [1, 2].", (1, 2)),
        ("One is real [1, 7].", "One is real [1].", (1,)),
        ("Attached[2] and again[2].", "Attached[2] and again[2].", (2,)),
        ("In order [3] of naming [1] not number [3].", None, (3, 1)),
        ("Spaces [ 2 ] are read.", "Spaces [2] are read.", (2,)),
        ("No marker [at all] and [] here.", "No marker [at all] and [] here.", ()),
        ("What a removal leaves [9[9]] too.", "What a removal leaves too.", ()),
        ("Hidden [9[8]1] inside.", "Hidden inside.", ()),
        ("Cut off at the end [1", "Cut off at the end", ()),
        ("Huge [99999999999999999999].", "Huge.", ()),
        ("   leading space", "leading space", ()),
        ("", "", ()),
    ],
)
def test_markers(text: str, shown: str | None, cited: tuple[int, ...]):
    assert checked(text) == (text if shown is None else shown, cited)


def test_brackets_in_code_index_and_are_left_alone():
    text = "Use `rows[9]` here [9].\n```\nvalue = rows[7]\n```\nThen [1]."
    shown, cited = checked(text)
    assert shown == "Use `rows[9]` here.\n```\nvalue = rows[7]\n```\nThen [1]."
    assert cited == (1,)


def test_a_backtick_that_is_never_closed_hides_markers_to_the_end_of_its_line_only():
    shown, cited = checked("A stray ` tick.\nThen [9] and [2].")
    assert shown == "A stray ` tick.\nThen and [2]."
    assert cited == (2,)


def test_a_marker_is_held_back_until_it_is_whole():
    markers = Markers(3)
    assert markers.feed("It syncs [") == "It syncs"
    assert markers.feed("9") == ""
    assert markers.feed("] then") == " then"


def test_without_passages_no_marker_is_good():
    assert checked("It syncs [1].", passages=0) == ("It syncs.", ())


PIECES = st.lists(st.text(alphabet="[]0129, .`\nab", max_size=6), max_size=20)


@given(PIECES)
def test_the_cut_into_pieces_changes_nothing(pieces: list[str]):
    streamed = Markers(2)
    shown = "".join(streamed.feed(piece) for piece in pieces) + streamed.flush()
    assert (shown, streamed.cited) == checked("".join(pieces), passages=2)


@given(PIECES)
def test_no_bad_marker_is_shown_at_any_moment(pieces: list[str]):
    """Outside code; the control is that good markers do get through in the tests above."""
    streamed = Markers(2)
    shown = ""
    for piece in pieces:
        shown += streamed.feed(piece.replace("`", ""))
        for numbers in re.findall(r"\[\s*(\d+(?:\s*[,;]\s*\d+)*)\s*\]", shown):
            assert all(1 <= int(n) <= 2 for n in re.findall(r"\d+", numbers))
