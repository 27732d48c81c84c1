"""jest's output, of versions 27, 29 and 30."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.jest import PARSER
from tests.support.tool_samples import parsed, said, sample, silent

PRICES = "jt/prices.test.js"
RED = ("jest/27_plain", "jest/29_plain", "jest/29_colours_40", "jest/30_verbose")
TREES = ("jest/27_plain", "jest/29_colours_40", "jest/30_verbose")
IS = "expect(received)"
TESTS = [
    ("AssertionError", f"{PRICES}:5", f"{IS}.toBe(expected) // Object.is equality\nassert 8 == 9"),
    ("RangeError", "src/prices.cjs:5", "unknown fruit plum"),
    (
        "AssertionError",
        f"{PRICES}:18",
        f'{IS}.toEqual(expected) // deep equality\nassert "fig", == "plum",',
    ),
    (
        "AssertionError",
        f"{PRICES}:22",
        f'{IS}.toContain(expected) // indexOf\nassert "a pear" == "fig"',
    ),
    ("Error", "src/prices.cjs:19", "cannot order"),
    ("AssertionError", f"{PRICES}:34", f"{IS}.toBeLessThan(expected)\nassert 2 == < 2"),
    (
        "AssertionError",
        f"{PRICES}:41",
        'expect(jest.fn()).toHaveBeenCalledWith(...expected)\nassert 0 == "pear"',
    ),
    (
        "AssertionError",
        f"{PRICES}:45",
        f"{IS}.toMatchInlineSnapshot(snapshot)\nassert 3 == 4",
    ),
    ("Timeout", f"{PRICES}:48", "Exceeded timeout of 50 ms for a test."),
]


@pytest.mark.parametrize("name", RED)
def test_every_version_and_width_says_the_same_of_tests(name: str) -> None:
    assert said(PARSER, name)[:9] == TESTS


@pytest.mark.parametrize("name", RED)
def test_a_file_that_cannot_run_is_a_failure_of_the_file(name: str) -> None:
    files = {f.symptom.test: f.symptom.complaint for f in parsed(PARSER, name).found[9:]}
    cut = files["jt/cut.test.js"]
    assert (cut.code, cut.headline, cut.frames[0].line) == (
        "SyntaxError",
        "Unexpected token ';'",
        2,
    )
    broken = files["jt/broken.test.js"]
    assert broken.headline == "Cannot find module './nowhere' from 'jt/broken.test.js'"
    assert broken.frames[0].path == "jt/broken.test.js"


@pytest.mark.parametrize("name", TREES)
def test_the_tree_names_what_passed_and_what_was_skipped(name: str) -> None:
    """On a terminal the tree is printed between lines that tell which file runs."""
    report = parsed(PARSER, name).tests
    assert report is not None
    assert report.passed == (
        f"{PRICES}::prices > knows",
        f"{PRICES}::prices > deep > nested > case 1",
        "jt/green.test.js",
        "jt/green.test.js::one",
        "jt/green.test.js::group > two",
    )
    assert report.skipped == (f"{PRICES}::prices > winter", f"{PRICES}::prices > refund")
    assert f"{PRICES}::prices > deep > nested > case 2" in report.failed


@pytest.mark.parametrize("name", RED)
def test_counts_are_jests_own(name: str) -> None:
    report = parsed(PARSER, name).tests
    assert report is not None
    assert (report.passed_count, report.failed_count, report.skipped_count) == (4, 9, 2)
    assert len(report.failed) == 11  # nine tests, and two files that hold none


def test_what_caused_an_error_is_kept_where_jest_prints_it() -> None:
    causes = [parsed(PARSER, name).found[4].symptom.causes for name in RED]
    assert [[c.code for c in cause] for cause in causes] == [[], *[["RangeError"]] * 3]
    assert causes[1][0].headline == "unknown fruit kiwi"


def test_what_a_test_printed_is_no_failure() -> None:
    titles = [f.symptom.test for f in parsed(PARSER, "jest/29_plain").found]
    assert f"{PRICES}::Console" not in titles


def test_the_list_at_the_end_of_a_long_run_repeats_nothing() -> None:
    text = sample("jest/29_plain").text
    report = text[text.index("  ● prices › adds") : text.index("  ● prices › plum")]
    again = text.replace(
        "Test Suites:", f"Summary of all failing tests\nFAIL {PRICES}\n{report}\nTest Suites:"
    )
    found = PARSER.parse(again.split("\n"), sample("jest/29_plain").place)
    assert found is not None
    assert len(found.found) == 11


def test_a_green_run_has_names_and_no_symptoms() -> None:
    green = parsed(PARSER, "jest/29_green")
    assert green.found == ()
    assert green.tests is not None
    assert green.tests.passed == (
        "jt/green.test.js",
        "jt/green.test.js::one",
        "jt/green.test.js::group > two",
    )
    assert (green.tests.passed_count, green.tests.failed_count) == (2, 0)


@pytest.mark.parametrize(
    "text",
    [
        sample("jest/29_notests").text,
        "FAIL\tgithub.com/dana/shop\t0.01s",
        "FAIL src/a.test.js is what it said",
        " FAIL  vt/a.test.js > adds\nAssertionError: expected 3 to be 4",
    ],
)
def test_what_is_not_jests_says_nothing(text: str) -> None:
    assert silent(PARSER, text)
