"""mypy's output, of three versions and several widths."""

from __future__ import annotations

from itertools import pairwise

import pytest

from developer_node.text.parsers.mypy import PARSER
from developer_node.text.parsers.symptom import Place
from tests.support.tool_samples import parsed, said, silent

CART = [
    (
        "return-value",
        "shop/cart.py:17",
        'Incompatible return value type (got "int", expected "str")',
    ),
    ("name-defined", "shop/cart.py:23", 'Name "undefined_name" is not defined'),
    ("no-any-return", "shop/cart.py:24", 'Returning Any from function declared to return "str"'),
    ("attr-defined", "shop/cart.py:24", '"dict[str, Any]" has no attribute "sentence"'),
    (
        "arg-type",
        "shop/cart.py:36",
        'Argument 1 to "add" of "Cart" has incompatible type "int"; expected "str"',
    ),
    ("attr-defined", "shop/cart.py:37", '"Cart" has no attribute "remove"'),
    (
        "assignment",
        "shop/cart.py:38",
        'Incompatible types in assignment (expression has type "None", variable has type "int")',
    ),
    (
        "import-not-found",
        "shop/cart.py:39",
        'Cannot find implementation or library stub for module named "missing_package"',
    ),
]


def test_a_line_is_an_error_with_its_code_and_place() -> None:
    assert said(PARSER, "mypy/2.4_plain")[5:] == CART


def test_columns_and_colours_change_nothing() -> None:
    assert said(PARSER, "mypy/2.4_colours_200") == CART


def test_a_message_broken_at_forty_columns_is_whole_again() -> None:
    assert said(PARSER, "mypy/2.4_pretty_40") == said(PARSER, "mypy/2.4_plain")


def test_source_and_underline_belong_to_their_error() -> None:
    found = parsed(PARSER, "mypy/2.4_pretty_40").found
    assert all(b.first == a.last + 1 for a, b in pairwise(found))


def test_without_codes_the_messages_are_the_same() -> None:
    hidden = said(PARSER, "mypy/1.13_context")
    assert [row[1:] for row in hidden] == [row[1:] for row in said(PARSER, "mypy/2.4_plain")]
    assert {row[0] for row in hidden} == {""}


def test_an_older_version_says_the_same_but_for_a_code() -> None:
    older = said(PARSER, "mypy/1.4_plain")
    plain = [row for row in CART if row[0] != "no-any-return"]  # only said by --strict
    assert older == [*plain[:-1], ("import", *plain[-1][1:])]


def test_a_file_that_cannot_be_read_stops_the_build() -> None:
    kinds = [found.symptom.kind for found in parsed(PARSER, "mypy/2.4_syntax").found]
    assert kinds == ["build", "build"]
    assert said(PARSER, "mypy/2.4_nofile") == [
        ("", "nothere.py:0", "Cannot read file: No such file or directory")
    ]


def test_a_clean_run_says_nothing() -> None:
    assert parsed(PARSER, "mypy/2.4_clean").found == ()


@pytest.mark.parametrize(
    "text",
    [
        "cart.c:3:5: error: expected ';' before '}' token",
        "cart.py:3: note: See the documentation",
        "INFO job.py: error: count is 0",
        "Found 0 errors in 0 files",
    ],
)
def test_what_is_no_error_of_mypy_says_nothing(text: str) -> None:
    assert silent(PARSER, text)


def test_the_next_programs_words_are_no_part_of_a_message() -> None:
    place = Place("/w")
    said = PARSER.parse(["a.py:3: error: Bad", "make: *** [check] Error 1", "done"], place)
    assert said is not None
    (found,) = said.found
    assert (found.symptom.complaint.headline, found.last) == ("Bad", 0)
