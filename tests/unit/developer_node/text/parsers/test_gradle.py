"""gradle's output: tests as logged, and what went wrong."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.gradle import CONSEQUENCE, PARSER
from tests.support.tool_samples import parsed, said, sample, silent


@pytest.mark.parametrize("name", ["gradle/test", "gradle/test_logged", "gradle/test_terminal"])
def test_failed_tests_are_named_with_their_exception(name: str) -> None:
    ran = parsed(PARSER, name)
    assert [(f.symptom.test, f.symptom.complaint.code) for f in ran.found] == [
        ("shop.CartTest::twoApples", "AssertionError"),
        ("shop.CartTest::unknownItem", "NullPointerException"),
    ]
    assert ran.tests is not None
    assert (ran.tests.passed_count, ran.tests.failed_count, ran.tests.skipped_count) == (1, 2, 1)


def test_passes_are_named_when_they_are_logged() -> None:
    logged, plain = parsed(PARSER, "gradle/test_logged").tests, parsed(PARSER, "gradle/test").tests
    assert logged is not None
    assert plain is not None
    assert (logged.passed, logged.skipped) == (
        ("shop.CartTest::oneApple",),
        ("shop.CartTest::later",),
    )
    assert plain.passed == ()


def test_frames_of_the_runtime_and_of_junit_are_no_ones_own() -> None:
    _, npe = parsed(PARSER, "gradle/test_logged").found
    place = sample("gradle/test_logged").place
    own = [f.path for f in npe.symptom.complaint.frames if place.frame(f).in_app]
    assert own == ["shop/CartTest.java", "shop/Cart.java", "shop/Cart.java"]


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("no_task", "environment", "Task 'tset' not found in root project 'gr2'."),
        (
            "offline",
            "environment",
            "Could not resolve all files for configuration ':compileClasspath'.\n"
            "No cached version of com.google.guava:guava:31.0-jre",
        ),
        ("script", "environment", "A problem occurred evaluating root project 'gr3'.\nPlugin"),
        ("script_syntax", "build", "Could not compile build file"),
    ],
)
def test_what_went_wrong_has_its_innermost_reason(name: str, kind: str, words: str) -> None:
    (found,) = parsed(PARSER, f"gradle/{name}").found
    assert found.symptom.kind == kind
    assert found.symptom.complaint.headline.startswith(words)


def test_a_mistake_in_the_script_has_its_line() -> None:
    ((_, where, _),) = said(PARSER, "gradle/script_syntax")
    assert where.endswith("build.gradle:3")


@pytest.mark.parametrize("name", ["gradle/compile", "gradle/test"])
def test_that_a_task_failed_is_a_consequence(name: str) -> None:
    taken = sample(name)
    own = PARSER.parse(taken.lines, taken.place)
    assert own is None or all(f.symptom.test for f in own.found)
    late = CONSEQUENCE.parse(taken.lines, taken.place)
    assert late is not None
    assert late.found[0].symptom.complaint.headline.startswith("Execution failed for task")


@pytest.mark.parametrize("text", ["BUILD SUCCESSFUL in 2s", "a > b FAILED to load", "0 errors"])
def test_words_about_failures_are_none(text: str) -> None:
    assert silent(PARSER, sample("gradle/clean").text)
    assert silent(PARSER, text)
