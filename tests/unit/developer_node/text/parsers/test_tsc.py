"""tsc's output, of versions 4, 5 and 7, plain and pretty."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.symptom import Place
from developer_node.text.parsers.tsc import PARSER
from tests.support.tool_samples import names, parsed, said, sample, silent

CART = [
    ("TS6133", "src/cart.ts:1", "'missing' is declared but its value is never read."),
    (
        "TS2307",
        "src/cart.ts:1",
        "Cannot find module './nowhere' or its corresponding type declarations.",
    ),
    ("TS6133", "src/cart.ts:2", "'left' is declared but its value is never read."),
    (
        "TS2307",
        "src/cart.ts:2",
        "Cannot find module 'left-pad-of-nobody' or its corresponding type declarations.",
    ),
    ("TS6133", "src/cart.ts:10", "'unused' is declared but its value is never read."),
    ("TS2322", "src/cart.ts:11", "Type 'string' is not assignable to type 'number'."),
    ("TS2339", "src/cart.ts:11", "Property 'cost' does not exist on type 'Fruit'."),
    ("TS2322", "src/cart.ts:14", "Type 'string' is not assignable to type 'number'."),
    ("TS6133", "src/cart.ts:15", "'options' is declared but its value is never read."),
    (
        "TS2322",
        "src/cart.ts:16",
        "Type '(fruit: Fruit) => string' is not assignable to type '(fruit: Fruit) => number'.",
    ),
    ("TS2554", "src/cart.ts:18", "Expected 1 arguments, but got 2."),
]
CLEAN_OR_STOPPED = ("clean", "noproject")


@pytest.mark.parametrize("name", [n for n in names("tsc") if not n.endswith(CLEAN_OR_STOPPED)])
def test_every_version_width_and_shape_says_the_same(name: str) -> None:
    assert said(PARSER, name) == CART


def test_what_explains_an_error_is_in_its_message_and_not_in_its_headline() -> None:
    complaint = parsed(PARSER, "tsc/5.9_plain").found[9].symptom.complaint
    assert complaint.message.split("\n")[1] == "  Type 'string' is not assignable to type 'number'."


@pytest.mark.parametrize("name", ["tsc/5.9_pretty_40", "tsc/7.0_pretty_80"])
def test_the_source_that_is_shown_belongs_to_its_error(name: str) -> None:
    said = parsed(PARSER, name)
    claimed = {i for f in said.found for i in range(f.first, f.last + 1)}
    claimed |= {i for span in said.own for i in span}
    left = [s for i, s in enumerate(sample(name).lines) if i not in claimed and s.strip("⠙ ")]
    assert left == []


def test_a_project_that_is_not_there_stops_the_build() -> None:
    (found,) = parsed(PARSER, "tsc/5.9_noproject").found
    assert (found.symptom.complaint.code, found.symptom.kind) == ("TS5058", "build")


def test_of_a_watch_only_the_last_compilation_counts() -> None:
    lines = [
        *("src/a.ts(1,1): error TS2304: Cannot find name 'a'.", ""),
        "8:49:57 PM - File change detected. Starting incremental compilation...",
        *("src/b.ts(2,1): error TS2304: Cannot find name 'b'.", ""),
        "8:49:58 PM - Found 1 error. Watching for file changes.",
    ]
    said = PARSER.parse(lines, Place("/w"))
    assert said is not None
    assert [f.symptom.complaint.frames[0].path for f in said.found] == ["src/b.ts"]
    assert range(2) in said.own or range(3) in said.own  # nobody else reads what is over


def test_a_clean_run_says_nothing() -> None:
    assert silent(PARSER, sample("tsc/5.9_clean").text)


@pytest.mark.parametrize(
    "text",
    ["Found 0 errors. Watching for file changes.", "see error TS2322 in the handbook", "error TS"],
)
def test_words_about_errors_say_nothing(text: str) -> None:
    assert silent(PARSER, text)
