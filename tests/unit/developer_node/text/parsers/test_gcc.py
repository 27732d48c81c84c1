"""gcc's and g++'s output in every width, locale and build tool."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.gcc import PARSER
from tests.support.tool_samples import parsed, said, sample, silent

CART = [
    ("", "include/cart.h:5", "'factor' undeclared (first use in this function)"),
    ("", "src/cart.c:6", "expected ',' or ';' before 'for'"),
    ("", "src/cart.c:6", "'i' undeclared (first use in this function)"),
    ("", "src/cart.c:6", "expected ';' before ')' token"),
    ("", "src/cart.c:6", "expected statement before ')' token"),
    ("", "src/cart.c:8", "'summ' undeclared (first use in this function); did you mean 'sum'?"),
]


@pytest.mark.parametrize("name", ["plain", "colours", "utf8", "narrow", "wide"])
def test_errors_are_the_same_in_every_width_locale_and_colour(name: str) -> None:
    assert said(PARSER, f"gcc/{name}") == CART


@pytest.mark.parametrize(
    "name", ["gcc/under_ninja", "gcc/under_cmake_make", "make/recursive", "make/keep_going"]
)
def test_errors_are_the_same_under_every_build_tool(name: str) -> None:
    assert [row[2] for row in said(PARSER, name)] == [row[2] for row in CART]


def test_below_make_the_path_is_below_the_directory_that_make_entered() -> None:
    assert said(PARSER, "make/recursive")[1][1] == "lib/cart.c:6"


def test_the_function_is_known_by_its_name_alone() -> None:
    functions = [f.symptom.complaint.frames[0].function for f in parsed(PARSER, "gcc/cpp").found]
    assert functions == ["total", "total", "total", "add"]


def test_a_warning_that_was_made_an_error_has_its_option() -> None:
    assert said(PARSER, "gcc/werror") == [
        ("-Wunused-variable", "src/clean.c:1", "unused variable 'x'")
    ]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("fatal", ("ENOENT", "src/missing.c:1", "missing.h: No such file or directory")),
        ("no_input", ("ENOENT", "", "src/nowhere.c: No such file or directory")),
        ("linker", ("undefined reference", "", "undefined reference to nowhere")),
        ("linker_debug", ("undefined reference", "src/link.c:2", "undefined reference to nowhere")),
        ("no_library", ("cannot find", "", "cannot find -lnosuchlib")),
    ],
)
def test_what_is_missing_is_said_once(name: str, row: tuple[str, str, str]) -> None:
    taken = sample(f"gcc/{name}")
    assert taken.exit == 1
    (only,) = said(PARSER, f"gcc/{name}")
    assert (only[0], only[1].removeprefix("/home/mira/c/"), only[2]) == row


def test_warnings_are_no_failure() -> None:
    assert silent(PARSER, sample("gcc/clean").text)


@pytest.mark.parametrize(
    "text",
    [
        "cart.py:3: error: Incompatible types in assignment  [assignment]",
        "src/main.rs:7:18: error[E0308]: mismatched types",
        "shop/Cart.java:9: error: ';' expected",
        "a.c:3:5: warning: unused variable 'x'",
        "1 error generated.\na.c:3:5: error: clang said this",
        "error: 0 errors",
    ],
)
def test_what_is_not_gccs_is_left_to_others(text: str) -> None:
    assert silent(PARSER, text)


def test_a_folded_line_of_carets_costs_no_more_than_its_length() -> None:
    line = "^~ " * 100_000 + "x"
    assert silent(PARSER, f"a.c:1:1: warning: x\n      y\n{line}")
