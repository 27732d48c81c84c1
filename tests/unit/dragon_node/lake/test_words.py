"""Words: identifiers are found by their parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragon_node.lake.words import Batch, Words, document, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("getUserName", ["getusername", "get", "user", "name"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("snake_case_2", ["snakecase2", "snake", "case", "2"]),
        ("_private", ["private"]),
        ("plain", ["plain"]),
        ("Grüße", ["grüße"]),
        ("a.b(c)", ["a", "b", "c"]),
    ],
)
def test_identifiers_are_kept_whole_and_split(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def _batch(documents: dict[int, str], dead: list[int], lsn: int) -> Batch:
    return Batch(
        [(i, document(*text.split("|"))) for i, text in documents.items()], dead, lsn, False
    )


def test_a_name_counts_more_than_a_mention(tmp_path: Path) -> None:
    words = Words(tmp_path / "w", "g")
    named = "parse_date. a.py|def parse_date(text): return text"
    mention = "other. b.py|def other(): return 1 # like parse_date, but not"
    words.take(_batch({1: mention, 2: named}, [], 1))
    assert [chunk for chunk, _ in words.search("parse date", 5)] == [2, 1]
    words.close()


def test_words_are_stemmed_and_operators_are_words(tmp_path: Path) -> None:
    words = Words(tmp_path / "w", "g")
    words.take(_batch({1: "a.py|parsing of files", 2: "b.py|and or not"}, [], 1))
    assert [c for c, _ in words.search("parsed file", 5)] == [1]
    assert [c for c, _ in words.search('NOT "(', 5)] == [2]
    assert words.search("()", 5) == []
    words.close()


def test_it_knows_how_far_it_has_come_and_from_which_file(tmp_path: Path) -> None:
    words = Words(tmp_path / "w", "g")
    words.take(_batch({1: "a.py|alpha"}, [], 7))
    words.close()
    again = Words(tmp_path / "w", "g")
    assert again.reached == 7
    assert [c for c, _ in again.search("alpha", 5)] == [1]
    again.close()
    rebuilt = Words(tmp_path / "w", "another file")
    assert rebuilt.reached == 0
    assert rebuilt.search("alpha", 5) == []
    rebuilt.close()


def test_a_chunk_that_is_taken_twice_is_found_once(tmp_path: Path) -> None:
    """A crash between the commit and the note of it takes the batch again."""
    words = Words(tmp_path / "w", "g")
    words.take(_batch({1: "a.py|alpha"}, [], 1))
    words.take(_batch({1: "a.py|alpha"}, [], 1))
    assert len(words.search("alpha", 5)) == 1
    words.take(_batch({}, [1], 2))
    assert words.search("alpha", 5) == []
    words.close()
