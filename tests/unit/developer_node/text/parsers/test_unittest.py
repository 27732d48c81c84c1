"""unittest's output, of five versions of Python."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.unittest import PARSER
from tests.support.tool_samples import names, parsed, said, sample, silent

PRICES = "tests/test_prices.py"
RED = [name for name in names("unittest") if "green" not in name and "discover" not in name]
LISTS = (
    "Lists differ\nassert ['pear', 'fig', 'a very long name of fruit', 'pear'[76 chars]uit'] == "
    "['pear', 'pear', 'pear', 'pear', 'pear', 'pear', 'p[16 chars]ear']"
)


@pytest.mark.parametrize("name", RED)
def test_every_version_of_python_says_the_same(name: str) -> None:
    """3.8 to 3.13, with and without -v, --buffer and colours."""
    assert said(PARSER, name) == [
        ("ModuleNotFoundError", "tests/test_broken.py:1", "No module named 'shop.nowhere'"),
        ("KeyError", "shop/prices.py:11", "'kiwi'"),
        ("CartError", "shop/prices.py:18", "unknown fruit plum"),
        ("ConnectionRefusedError", f"{PRICES}:38", "[Errno 111] Connection refused"),
        ("AssertionError", f"{PRICES}:29", "3 not greater than 3 : too cheap"),
        ("AssertionError", f"{PRICES}:32", LISTS),
        ("AssertionError", f"{PRICES}:9", "assert 8 == 9"),
    ]


@pytest.mark.parametrize("name", RED)
def test_a_test_is_named_as_pytest_names_it(name: str) -> None:
    tests = [found.symptom.test for found in parsed(PARSER, name).found]
    assert tests == [
        "tests/test_broken.py",
        f"{PRICES}::PricesTest::test_each",
        f"{PRICES}::PricesTest::test_unknown",
        f"{PRICES}::StockTest",
        f"{PRICES}::PricesTest::test_each",
        f"{PRICES}::PricesTest::test_lines",
        f"{PRICES}::PricesTest::test_total",
    ]


@pytest.mark.parametrize("name", [n for n in RED if "verbose" in n or "buffered" in n])
def test_verbose_names_what_passed_and_what_was_skipped(name: str) -> None:
    report = parsed(PARSER, name).tests
    assert report is not None
    assert report.passed == (
        "tests/test_green.py::GreenTest::test_one",
        "tests/test_green.py::GreenTest::test_two",
        f"{PRICES}::PricesTest::test_known",
    )
    assert report.skipped == (
        f"{PRICES}::PricesTest::test_refund",
        f"{PRICES}::PricesTest::test_winter",
    )
    assert (report.passed_count, report.failed_count, report.skipped_count) == (3, 7, 2)


def test_without_verbose_there_are_counts_and_the_names_of_what_failed() -> None:
    report = parsed(PARSER, "unittest/python3.11_quiet").tests
    assert report is not None
    assert (report.passed_count, report.failed_count, report.skipped_count) == (3, 7, 2)
    assert report.passed == ()
    assert len(report.failed) == 6  # two of seven are cases of one test


def test_a_chain_keeps_its_causes() -> None:
    found = parsed(PARSER, "unittest/python3.13_verbose").found[2].symptom
    assert [cause.code for cause in found.causes] == ["KeyError"]
    assert [f.function for f in found.complaint.frames] == ["test_unknown", "total"]


def test_what_a_test_printed_is_no_part_of_its_message() -> None:
    assert all(
        "asking for" not in found.symptom.complaint.message
        for found in parsed(PARSER, "unittest/python3.12_buffered").found
    )


def test_a_report_takes_its_own_lines_and_no_more() -> None:
    lines = sample("unittest/python3.11_quiet").lines
    first = parsed(PARSER, "unittest/python3.11_quiet").found[0]
    assert lines[first.first] == "=" * 70
    assert lines[first.first + 1].startswith("ERROR: tests.test_broken")
    assert lines[first.last + 1] == "=" * 70


def test_a_green_run_has_names_and_no_symptoms() -> None:
    green = parsed(PARSER, "unittest/python3.11_green")
    assert green.found == ()
    assert green.tests is not None
    assert (green.tests.passed_count, green.tests.failed_count) == (2, 0)


@pytest.mark.parametrize(
    "text", ["Ran 3 miles", "we had FAILED (errors=1) last week", "======\nERROR: x (y)\n------"]
)
def test_words_that_only_look_like_it_say_nothing(text: str) -> None:
    assert silent(PARSER, text)
