"""clang's output, which it folds to the terminal's width."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.clang import PARSER
from tests.support.tool_samples import said, sample, silent

CART = [
    ("", "include/cart.h:5", "use of undeclared identifier 'factor'"),
    ("", "src/cart.c:5", "expected ';' at end of declaration"),
    ("", "src/cart.c:8", "use of undeclared identifier 'summ'; did you mean 'sum'?"),
]


@pytest.mark.parametrize("name", ["plain", "colours", "narrow", "eighty", "wide"])
def test_errors_are_the_same_in_every_width_and_colour(name: str) -> None:
    assert said(PARSER, f"clang/{name}") == CART


def test_notes_belong_to_their_error() -> None:
    assert [row[1] for row in said(PARSER, "clang/cpp")] == [
        "src/cart.cpp:5",
        "src/cart.cpp:6",
        "src/cart.cpp:7",
        "src/cart.cpp:9",
    ]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("werror", ("-Wunused-variable", "src/clean.c:1", "unused variable 'x'")),
        ("fatal", ("ENOENT", "src/missing.c:1", "'missing.h' file not found")),
        ("linker", ("undefined reference", "", "undefined reference to nowhere")),
        ("option", ("", "", "unsupported option '--no-such-option'")),
    ],
)
def test_what_is_wrong_is_said_once(name: str, row: tuple[str, str, str]) -> None:
    assert said(PARSER, f"clang/{name}") == [row]


def test_warnings_are_no_failure() -> None:
    assert silent(PARSER, sample("clang/clean").text)


@pytest.mark.parametrize("text", ["a.c:3:5: error: gcc said this", "0 errors generated"])
def test_without_its_own_words_nothing_is_clangs(text: str) -> None:
    assert silent(PARSER, text)
