"""Two edits of one note are both in it, and what is no note is refused as ours."""

from __future__ import annotations

import pytest

from common.errors import Corrupt, Invalid, OverLimit
from common.shared.texts import (
    TEXT_BYTES_MAX,
    changed_text,
    merged_text,
    new_text,
    text_of,
    version_of,
)

BASE = new_text("one\ntwo\nthree\n")


def test_edits_of_different_lines_are_both_there() -> None:
    one = changed_text(BASE, b"", "ONE\ntwo\nthree\n")
    other = changed_text(BASE, b"", "one\ntwo\nthree\nfour\n")
    assert text_of(merged_text(one, other)) == "ONE\ntwo\nthree\nfour\n"


def test_what_was_written_while_an_editor_was_open_stays() -> None:
    opened = version_of(BASE)
    meanwhile = changed_text(BASE, b"", "zero\none\ntwo\nthree\n")
    saved = changed_text(meanwhile, opened, "one\ntwo\nTHREE\n")
    assert text_of(saved) == "zero\none\ntwo\nTHREE\n"


def test_without_a_version_the_text_is_what_was_given() -> None:
    assert text_of(changed_text(BASE, b"", "new\n")) == "new\n"


def test_an_empty_one_gives_way() -> None:
    assert merged_text(b"", BASE) == merged_text(BASE, b"") == BASE


@pytest.mark.parametrize("bytes_", [b"garbage", BASE[:-3], BASE[:20]], ids=["none", "cut", "head"])
def test_what_is_no_note_is_corrupt(bytes_: bytes) -> None:
    with pytest.raises(Corrupt):
        text_of(bytes_)


def test_a_version_of_nothing_is_invalid() -> None:
    with pytest.raises(Invalid):
        changed_text(BASE, b"garbage", "x")


def test_64_kb_are_kept_and_a_byte_more_is_refused() -> None:
    assert len(text_of(new_text("x" * TEXT_BYTES_MAX))) == TEXT_BYTES_MAX
    with pytest.raises(OverLimit, match="65,536"):
        new_text("x" * (TEXT_BYTES_MAX + 1))
