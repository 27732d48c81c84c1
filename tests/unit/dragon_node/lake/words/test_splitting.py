"""Identifiers are found by their parts."""

from __future__ import annotations

import pytest

from dragon_node.lake.words.splitting import QUERY_WORDS_MAX, query_terms, split_words, terms


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


def test_terms_are_stems_and_what_is_too_long_is_none() -> None:
    assert terms(f"parsing parsed {'x' * 41}") == ["pars", "pars"]


def test_a_question_has_each_word_once_and_only_so_many() -> None:
    assert query_terms("parse parse_file") == ["pars", "parsefil", "file"]
    assert len(query_terms(" ".join(f"w{i}x" for i in range(500)))) == QUERY_WORDS_MAX
