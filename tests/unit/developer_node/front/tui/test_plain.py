"""Foreign text: nothing that a program printed can steer the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from developer_node.front.tui.plain import coloured_lines, one_line, plain, plain_lines


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b(Bset", "set"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("windows\r\nlines\r\n", "windows\nlines\n"),
        ("bell\x07 null\x00", "bell␇ null␀"),
        ("c1 \x9b31m", "c1 \N{REPLACEMENT CHARACTER}31m"),
        ("if \u202e admin", "if \N{REPLACEMENT CHARACTER} admin"),
        ("\udcff.py", "\N{REPLACEMENT CHARACTER}.py"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
    ],
)
def test_escapes_go_and_other_controls_become_visible(printed: str, shown: str) -> None:
    """Each of these has broken a screen somewhere."""
    assert plain(printed) == shown


def test_an_unfinished_title_sequence_takes_no_more_than_its_line() -> None:
    """Output is cut in the middle; the next line must survive."""
    assert plain("\x1b]0;never ended\nnext") == "\nnext"


def test_one_line_has_no_line_breaks_and_a_limit() -> None:
    """A commit subject may be a megabyte."""
    assert one_line("a\n  b\tc") == "a b c"
    assert len(one_line("x" * 1_000_000)) == 500


def test_colours_of_a_program_are_kept_and_nothing_else() -> None:
    """Red stays red; the cursor does not move."""
    (line,) = coloured_lines("\x1b[2K\x1b[31mred\x1b[0m plain\x1b[5A\n")
    assert line.plain == "red plain"
    assert [(span.start, span.end) for span in line.spans] == [(0, 3)]


def test_a_colour_goes_on_into_the_next_line() -> None:
    """Programs close it where they like."""
    _, second = coloured_lines("\x1b[32mone\ntwo\x1b[0m\n")
    assert second.spans


@given(st.text())
def test_no_text_at_all_leaves_a_control_character(text: str) -> None:
    """For every text: only line breaks and printable characters, and it can be encoded."""
    for shown in (
        *(line.plain for line in plain_lines(text)),
        *(line.plain for line in coloured_lines(text)),
    ):
        assert not [c for c in shown if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0]
        shown.encode("utf-8")
