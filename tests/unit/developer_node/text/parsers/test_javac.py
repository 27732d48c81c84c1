"""javac's output, alone and through gradle."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.javac import PARSER
from tests.support.tool_samples import said, sample, silent

TYPES = [
    ("4", "package shop.missing does not exist"),
    ("6", "Types is not abstract and does not override abstract method run() in Runnable"),
    ("8", "incompatible types: String cannot be converted to int"),
    (
        "9",
        "method price in class Types cannot be applied to given types;\n"
        "required: String\nfound: List<String>,int",
    ),
    ("10", "incompatible types: int cannot be converted to String"),
    ("12", "cannot find symbol\nsymbol: variable summ"),
]


@pytest.mark.parametrize("name", ["javac/types", "javac/types_narrow", "gradle/compile"])
def test_errors_are_the_same_in_every_width_alone_and_through_gradle(name: str) -> None:
    rows = said(PARSER, name)
    assert [(where.rpartition(":")[2], words) for _, where, words in rows] == TYPES
    assert all(where.rpartition(":")[0].endswith("shop/Types.java") for _, where, _ in rows)


def test_a_syntax_error_has_its_place() -> None:
    assert said(PARSER, "javac/syntax") == [("", "shop/Cart.java:9", "';' expected")]


def test_raw_diagnostics_have_the_compilers_keys() -> None:
    assert [row[:2] for row in said(PARSER, "javac/keys")][-1] == (
        "compiler.err.cant.resolve.location",
        "Types.java:12",
    )


def test_warnings_count_only_when_they_were_made_errors() -> None:
    assert silent(PARSER, sample("javac/warnings").text)
    assert [row[0] for row in said(PARSER, "javac/warnings_as_errors")] == ["rawtypes", "unchecked"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bad_option", "invalid flag: -nosuch"),
        ("missing_file", "file not found: shop/Nowhere.java"),
    ],
)
def test_what_it_was_called_with_may_be_wrong(name: str, words: str) -> None:
    assert said(PARSER, f"javac/{name}") == [("", "", words)]


def test_a_clean_run_says_nothing() -> None:
    assert silent(PARSER, sample("javac/clean").text)


@pytest.mark.parametrize(
    "text",
    [
        "error: could not compile `shop`",
        "at shop.Cart.price(Cart.java:6)",
        "[ERROR] /w/Types.java:[4,20] package shop.missing does not exist",
        "0 errors",
    ],
)
def test_what_is_not_javacs_is_left_to_others(text: str) -> None:
    assert silent(PARSER, text)
