"""What `node --test` reports, in versions 20 and 22."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.node_test import PARSER
from developer_node.text.parsers.symptom import Place
from tests.support.tool_samples import parsed, said, sample, silent

BOTH = ("node_test/20_spec", "node_test/22_spec")


@pytest.mark.parametrize("name", BOTH)
def test_both_versions_say_the_same(name: str) -> None:
    """The older prints each error twice: in its place and at the end."""
    assert said(PARSER, name) == [
        (
            "AssertionError",
            "nd/shop.test.js:7",
            "Expected values to be strictly equal\nassert 8 == 9",
        ),
        ("RangeError", "src/prices.cjs:5", "unknown fruit plum"),
        ("AssertionError", "nd/shop.test.js:19", "not yet"),
    ]
    tests = [f.symptom.test for f in parsed(PARSER, name).found]
    assert tests == ["prices > adds", "prices > plum", "top > inner"]


@pytest.mark.parametrize("name", BOTH)
def test_names_and_counts_are_of_tests_and_not_of_groups(name: str) -> None:
    report = parsed(PARSER, name).tests
    assert report is not None
    assert report.passed == ("prices > knows",)
    assert report.failed == ("prices > adds", "prices > plum", "top > inner")
    assert report.skipped == ("prices > winter", "prices > refund")
    # Node counts the test that holds a failed one as failed too.
    assert (report.passed_count, report.failed_count, report.skipped_count) == (1, 4, 2)


def test_of_two_tests_of_one_name_nothing_is_said_to_have_passed() -> None:
    """The reporter names no files: the one that passed may not be the one that failed."""
    text = "✔ adds (1.0ms)\n✔ adds (1.0ms)\n✔ one (1.0ms)\nℹ tests 3\nℹ pass 3\nℹ fail 0"
    report = PARSER.parse(text.split("\n"), Place("/w"))
    assert report is not None
    assert report.tests is not None
    assert report.tests.passed == ("one",)
    assert report.found == ()


@pytest.mark.parametrize(
    "text", [sample("node_test/18_tap").text, "✖ failing tests:", "ℹ tests 3\n✖ 2 problems"]
)
def test_what_is_not_its_report_says_nothing(text: str) -> None:
    assert silent(PARSER, text)
