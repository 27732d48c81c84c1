"""Text as an editor changes it: the protocol's line ends, and three ways to count characters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from developer_node.front.lsp.buffer import Buffer, Encoding, Span, extent, index, lines_of, units

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
TEXTS = st.text(st.sampled_from("ab \u00e9\u20ac\U0001f600\f\u2028"), max_size=12)


@settings(deadline=None)
@given(TEXTS, st.sampled_from(ENCODINGS))
def test_units_are_those_of_the_encoding(text: str, encoding: Encoding) -> None:
    codec, size = CODECS[encoding]
    assert units(text, encoding) == len(text.encode(codec)) // size


@settings(deadline=None)
@given(TEXTS, st.sampled_from(ENCODINGS), st.integers(0, 12))
def test_an_index_is_where_the_units_before_it_end(text: str, encoding: Encoding, at: int) -> None:
    at = min(at, len(text))
    assert index(text, units(text[:at], encoding), encoding) == at


def test_a_place_within_a_character_is_its_start_and_one_behind_the_line_its_end() -> None:
    assert index("\U0001f600x", 1, "utf-16") == 0
    assert index("ab", 9, "utf-16") == 2


def test_lines_end_as_the_protocol_says_and_nowhere_else() -> None:
    """A form feed ends no line; str.splitlines says that it does."""
    assert lines_of("a\fb\r\nc\rd\u2028e\n") == ["a\fb", "c", "d\u2028e", ""]


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.data(), st.sampled_from(ENCODINGS))
def test_a_change_replaces_its_span_and_nothing_else(
    lines: list[str], data: st.DataObject, encoding: Encoding
) -> None:
    end = data.draw(st.sampled_from(("\n", "\r\n", "\r")))
    text = end.join(lines)
    places = sorted(
        (number, data.draw(st.integers(0, len(lines[number]))))
        for number in (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    )
    (a, b), (c, d) = places
    new = data.draw(TEXTS)
    span = Span((a, units(lines[a][:b], encoding)), (c, units(lines[c][:d], encoding)))
    before, after = end.join([*lines[:a], lines[a][:b]]), end.join([lines[c][d:], *lines[c + 1 :]])
    assert Buffer(text).changed(span, new, encoding).text == before + new + after


def test_a_change_without_a_span_is_the_whole_text() -> None:
    assert Buffer("old").changed(None, "new", "utf-16").text == "new"


def test_a_place_behind_the_last_line_is_the_end() -> None:
    assert Buffer("a\nb").changed(Span((9, 0), (9, 0)), "!", "utf-16").text == "a\nb!"


@pytest.mark.parametrize(
    ("encoding", "end"), [("utf-8", 4 + 4 + 1), ("utf-16", 4 + 2 + 1), ("utf-32", 4 + 1 + 1)]
)
def test_a_line_is_marked_from_its_first_character_to_its_end(encoding: Encoding, end: int) -> None:
    assert extent(["    \U0001f600x"], 1, encoding) == Span((0, 4), (0, end))


def test_a_blank_line_is_marked_whole() -> None:
    assert extent(["   "], 1, "utf-16") == Span((0, 0), (0, 3))
