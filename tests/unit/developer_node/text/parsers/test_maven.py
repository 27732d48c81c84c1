"""maven's output: the compiler, surefire, and maven's own refusals."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.maven import CONSEQUENCE, PARSER
from tests.support.tool_samples import parsed, said, sample, silent


@pytest.mark.parametrize("name", ["maven/compile", "maven/compile_narrow"])
def test_a_compile_error_is_told_once_though_it_is_printed_twice(name: str) -> None:
    rows = said(PARSER, name)
    assert [where.rpartition(":")[2] for _, where, _ in rows] == ["4", "6", "8", "9", "10", "12"]
    assert rows[-1][1:] == (
        "src/main/java/shop/Types.java:12",
        "cannot find symbol\nsymbol: variable summ",
    )


@pytest.mark.parametrize("name", ["maven/test", "maven/test_colours", "maven/test_quiet"])
def test_failed_tests_have_their_exception_and_never_the_cut_summary(name: str) -> None:
    ran = parsed(PARSER, name)
    assert [(f.symptom.test, f.symptom.complaint.code) for f in ran.found] == [
        ("shop.CartTest::twoApples", "AssertionError"),
        ("shop.CartTest::unknownItem", "NullPointerException"),
    ]
    assert ran.found[0].symptom.complaint.headline == "the total is wrong expected:<7> but was:<6>"
    assert "Integer.intValue()" in ran.found[1].symptom.complaint.headline
    assert ran.tests is not None
    assert ran.tests.failed == ("shop.CartTest::twoApples", "shop.CartTest::unknownItem")
    assert (ran.tests.passed_count, ran.tests.failed_count, ran.tests.skipped_count) == (1, 2, 1)


def test_surefire_3_names_a_test_in_another_shape() -> None:
    # The shape of surefire 3.2: the class comes first, two dashes before the time.
    text = (
        "[ERROR] shop.CartTest.twoApples -- Time elapsed: 0.009 s <<< FAILURE!\n"
        "java.lang.AssertionError: expected:<7> but was:<6>\n"
        "\tat shop.CartTest.twoApples(CartTest.java:11)\n"
    )
    assert not silent(PARSER, text)


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        ("dependency", "DependencyResolutionException", "environment"),
        ("no_goal", "LifecyclePhaseNotFoundException", "environment"),
        ("no_pom", "MissingProjectException", "environment"),
        ("bad_pom", "ProjectBuildingException", "build"),
    ],
)
def test_its_own_refusals_have_mavens_exception(name: str, code: str, kind: str) -> None:
    (found,) = parsed(PARSER, f"maven/{name}").found
    assert (found.symptom.complaint.code, found.symptom.kind) == (code, kind)


@pytest.mark.parametrize("name", ["maven/compile", "maven/test"])
def test_that_a_goal_failed_is_a_consequence(name: str) -> None:
    taken = sample(name)
    late = CONSEQUENCE.parse(taken.lines, taken.place)
    assert late is not None
    words = late.found[0].symptom.complaint.headline
    assert words.startswith("Failed to execute goal org.apache.maven.plugins:maven-")


@pytest.mark.parametrize(
    "text", ["[INFO] 0 errors", "[ERROR] a line of a log", "[INFO] Tests run: none"]
)
def test_words_about_errors_are_none(text: str) -> None:
    assert silent(PARSER, sample("maven/clean").text)
    assert silent(PARSER, text)
