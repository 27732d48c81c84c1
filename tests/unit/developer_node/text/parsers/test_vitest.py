"""vitest's output, of versions 1, 3 and 4."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.vitest import PARSER
from tests.support.tool_samples import parsed, said, sample, silent

PRICES = "vt/prices.test.js"
RED = ("vitest/1_plain", "vitest/3_plain", "vitest/3_colours_40", "vitest/4_plain")
NEW = ("vitest/3_plain", "vitest/3_colours_40", "vitest/4_plain", "vitest/4_verbose")
TESTS = [
    ("AssertionError", f"{PRICES}:6", "expected … to be … // Object.is equality\nassert 8 == 9"),
    ("RangeError", "src/prices.cjs:5", "unknown fruit plum"),
    (
        "AssertionError",
        f"{PRICES}:19",
        "expected … to deeply equal …\nassert { names: [ 'pear', 'fig' ], at: 3 } == "
        "{ names: [ 'pear', 'plum' ], at: 3 }",
    ),
    ("AssertionError", f"{PRICES}:23", "expected … to contain …\nassert 'a pear' == 'fig'"),
    ("Error", "src/prices.cjs:19", "cannot order"),
    ("AssertionError", f"{PRICES}:35", "expected … to be less than …\nassert 2 == 2"),
]
NAMES = [
    "prices > adds",
    "prices > plum",
    "prices > list",
    "prices > words",
    "prices > orders",
    "prices > deep › nested > case 2",
    "calls",
    "snapshot",
    "slow",
]


@pytest.mark.parametrize("name", [*RED, "vitest/4_verbose"])
def test_every_version_and_width_says_the_same_of_tests(name: str) -> None:
    assert said(PARSER, name)[2:8] == TESTS
    tests = [f.symptom.test for f in parsed(PARSER, name).found[2:]]
    assert tests == [f"{PRICES}::{title}" for title in NAMES]


@pytest.mark.parametrize("name", NEW)
def test_snapshots_and_timeouts_are_read(name: str) -> None:
    assert said(PARSER, name)[9:] == [
        ("Error", f"{PRICES}:46", 'Snapshot `snapshot 1` mismatched\nassert "3" == "4"'),
        ("Error", f"{PRICES}:49", "Test timed out in 50ms."),
    ]


@pytest.mark.parametrize("name", NEW)
def test_a_file_that_cannot_run_is_a_failure_of_the_file(name: str) -> None:
    broken, cut = (f.symptom for f in parsed(PARSER, name).found[:2])
    assert (broken.test, cut.test) == ("vt/broken.test.js", "vt/cut.test.js")
    assert broken.complaint.headline.startswith("Cannot find module './nowhere' imported from ")
    assert (cut.complaint.frames[-1].path, cut.complaint.frames[-1].line) == ("vt/cut.test.js", 3)


def test_the_next_line_is_read_where_a_headline_only_announces() -> None:
    assert said(PARSER, "vitest/4_plain")[1][2] == (
        "Parse failure: Parse failed with 1 error: Unexpected token"
    )


def test_causes_are_kept() -> None:
    (cause,) = parsed(PARSER, "vitest/3_plain").found[6].symptom.causes
    assert (cause.code, cause.headline) == ("RangeError", "unknown fruit kiwi")


@pytest.mark.parametrize("name", [*RED, "vitest/4_verbose"])
def test_counts_are_the_last_that_were_printed(name: str) -> None:
    report = parsed(PARSER, name).tests
    assert report is not None
    assert (report.passed_count, report.failed_count, report.skipped_count) == (4, 9, 2)
    assert len(report.failed) == 11


def test_verbose_names_all() -> None:
    report = parsed(PARSER, "vitest/4_verbose").tests
    assert report is not None
    assert set(report.passed) == {
        f"{PRICES}::prices > knows",
        f"{PRICES}::prices > deep › nested > case 1",
        "vt/green.test.js::one",
        "vt/green.test.js::group > two",
    }
    assert report.skipped == (f"{PRICES}::prices > winter", f"{PRICES}::prices > refund")


def test_half_a_name_is_no_name() -> None:
    """vitest 4 indents a test and leaves out the groups that it is in."""
    report = parsed(PARSER, "vitest/4_plain").tests
    assert report is not None
    assert report.passed == ()


def test_a_green_run_has_names_and_no_symptoms() -> None:
    green = parsed(PARSER, "vitest/3_green")
    assert green.found == ()
    assert green.tests is not None
    assert green.tests.passed == ("vt/green.test.js::one", "vt/green.test.js::group > two")
    assert (green.tests.passed_count, green.tests.failed_count) == (2, 0)


def test_tests_that_failed_alike_are_failures_of_their_own() -> None:
    lines = [
        "⎯⎯⎯⎯⎯⎯⎯ Failed Tests 2 ⎯⎯⎯⎯⎯⎯⎯",
        "",
        " FAIL  a.test.ts > one",
        " FAIL  a.test.ts > two",
        "Error: no database",
        " ❯ a.test.ts:3:4",
        "",
        "⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[1/2]⎯",
    ]
    found = PARSER.parse(lines, sample("vitest/3_plain").place)
    assert found is not None
    assert [f.symptom.test for f in found.found] == ["a.test.ts::one", "a.test.ts::two"]


@pytest.mark.parametrize(
    "text",
    [sample("vitest/3_notests").text, "FAIL src/a.test.js\n  ● adds", "Tests  3 failed", "⎯⎯⎯⎯⎯⎯"],
)
def test_what_is_not_vitests_says_nothing(text: str) -> None:
    assert silent(PARSER, text)
