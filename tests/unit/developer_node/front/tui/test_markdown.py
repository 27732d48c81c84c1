"""A model may write anything: it is drawn as Markdown, and nothing of it does anything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from developer_node.front.tui.markdown import markdown_lines


def drawn(text: str, width: int = 40, cited: int = 3) -> list[str]:
    return [line.plain.rstrip() for line in markdown_lines(text, width, cited)]


def clicks(text: str) -> list[str]:
    """Everything that can be clicked."""
    return [
        str(span.style.meta["@click"])
        for line in markdown_lines(text, 80, 3)
        for span in line.spans
        if not isinstance(span.style, str) and "@click" in span.style.meta
    ]


def test_headings_paragraphs_lists_and_code_stand_below_each_other() -> None:
    text = "# Why\n\nA **b** and `c`.\n\n- one\n- two\n  1. deep\n\n```python\nx = 1\n```"
    assert drawn(text) == [
        "Why",
        "",
        "A b and c.",
        "",
        "• one",
        "• two",
        "  1. deep",
        "",
        "│ x = 1",
    ]


def test_an_item_goes_on_beneath_its_own_beginning() -> None:
    assert drawn("- one two three four five six", 14) == ["• one two", "  three four", "  five six"]


def test_a_table_without_room_is_told_row_by_row() -> None:
    text = "|file|why|\n|-|-|\n|a.py|it is the first|\n"
    assert drawn(text)[0] == "file │ why"
    assert drawn(text, 12)[0] == "file: a.py"


def test_a_block_of_code_that_is_still_being_written_is_code() -> None:
    assert drawn("Look:\n\n```py\nx = [1]")[-1] == "│ x = [1]"


def test_only_markers_of_passages_can_be_clicked() -> None:
    text = "So it is [1], not [9]. [docs](https://example.org) <https://example.org> `a[2]`"
    assert clicks(text) == ["screen.cited(1)"]
    assert "docs (https://example.org)" in drawn(text, 200)[0]


@pytest.mark.parametrize(
    "text",
    [
        "[@click=app.exit]this[/]",
        "<script>alert(1)</script>",
        "[1]: https://example.org\n\nSee [1].",
        "![alt](http://example.org/x.png)",
    ],
)
def test_markup_of_other_kinds_is_text(text: str) -> None:
    assert all("screen.cited" in each for each in clicks(text))
    assert drawn(text, 200)


def test_an_escape_sequence_does_not_reach_the_terminal() -> None:
    assert "\x1b" not in "".join(drawn("a \x1b[2J b `\x1b]0;x\x07`"))


@settings(max_examples=60)
@given(st.text("ab `#[]!_\n", max_size=80), st.integers(10, 60))
def test_no_line_is_wider_than_there_is_room(text: str, width: int) -> None:
    assert all(line.cell_length <= width for line in markdown_lines(text, width, 3))


@settings(max_examples=40)
@given(st.text("ab *_`#-|>1\n", max_size=80))
def test_every_letter_is_shown(text: str) -> None:
    shown = "".join(drawn(text, 60))
    letters = [each for each in text if each in "ab"]
    fence = "```" in text or "|" in text
    assert fence or [each for each in shown if each in "ab"] == letters
