"""ESLint's output, of versions 8, 9 and 10."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.eslint import PARSER
from tests.support.tool_samples import parsed, said, sample, silent

BAD = [
    ("no-unused-vars", "src/bad.js:1", "'fs' is defined but never used"),
    ("no-var", "src/bad.js:2", "Unexpected var, use let or const instead"),
    ("no-unused-vars", "src/bad.js:4", "'unused' is assigned a value but never used"),
    ("no-debugger", "src/bad.js:6", "Unexpected 'debugger' statement"),
    ("no-undef", "src/bad.js:8", "'undefinedFunction' is not defined"),
    ("no-unused-vars", "src/bad.js:11", "'total' is assigned a value but never used"),
    ("semi", "src/bad.js:11", "Missing semicolon"),
    ("parsing-error", "src/cut.js:1", "Parsing error: Unexpected token ;"),
]
SHAPES = ("9_plain", "9_colours_40", "10_colours_80", "8_plain", "8_unix", "8_compact")


@pytest.mark.parametrize("name", SHAPES)
def test_every_version_width_and_shape_says_the_same(name: str) -> None:
    assert said(PARSER, f"eslint/{name}") == BAD


def test_a_file_that_cannot_be_read_is_no_matter_of_style() -> None:
    kinds = [f.symptom.kind for f in parsed(PARSER, "eslint/9_plain").found]
    assert kinds == ["lint"] * 7 + ["build"]


def test_warnings_count_when_eslint_says_they_were_too_many() -> None:
    assert said(PARSER, "eslint/9_warnings") == [
        ("eqeqeq", "src/warn.js:1", "Expected '===' and instead saw '=='")
    ]
    text = sample("eslint/9_warnings").text
    assert silent(PARSER, text.replace("ESLint found too many warnings (maximum: 0).", ""))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("9_noconfig", "ESLint couldn't find an eslint.config.(js|mjs|cjs) file."),
        ("9_nofiles", 'No files matching the pattern "src/*.jsx" were found.'),
    ],
)
def test_why_it_could_not_begin_is_said(name: str, why: str) -> None:
    (found,) = parsed(PARSER, f"eslint/{name}").found
    assert (found.symptom.complaint.headline, found.symptom.kind) == (why, "environment")


def test_a_clean_run_says_nothing() -> None:
    assert silent(PARSER, sample("eslint/9_clean").text)


@pytest.mark.parametrize(
    "text",
    [
        "0 problems (0 errors, 0 warnings)",
        "src/a.js\n  3:1  error  something that is no table of ESLint",
        "a [Error] was logged",
    ],
)
def test_words_about_problems_say_nothing(text: str) -> None:
    assert silent(PARSER, text)
