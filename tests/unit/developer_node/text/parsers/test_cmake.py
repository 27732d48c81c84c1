"""cmake's configure errors and ctest's outcomes."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.cmake import PARSER
from tests.support.tool_samples import parsed, said, sample, silent

TARGET = 'Cannot specify link libraries for target "shopp" which is not built by this project.'


@pytest.mark.parametrize("name", ["cmake/target", "cmake/target_colours"])
def test_the_first_paragraph_is_one_line_with_and_without_colours(name: str) -> None:
    assert said(PARSER, name) == [("target_link_libraries", "CMakeLists.txt:4", TARGET)]


def test_a_package_that_was_not_found_is_the_environments_in_every_width() -> None:
    wide, narrow = said(PARSER, "cmake/find_package"), said(PARSER, "cmake/find_package_narrow")
    assert wide == narrow
    assert wide[0][:2] == ("find_package", "CMakeLists.txt:3")
    assert parsed(PARSER, "cmake/find_package").found[0].symptom.kind == "environment"


@pytest.mark.parametrize(
    ("name", "where", "headline"),
    [
        ("version", "CMakeLists.txt:1", "CMake 9.0 or higher is required."),
        ("parse", "CMakeLists.txt:3", "Parse error."),
        ("no_lists", "", 'The source directory "/home/mira/cart" does not appear to contain'),
        ("no_generator", "", "Could not create named generator Nonsense"),
    ],
)
def test_every_error_has_its_place(name: str, where: str, headline: str) -> None:
    ((_, place, words),) = said(PARSER, f"cmake/{name}")
    assert place == where
    assert words.startswith(headline)


def test_a_message_has_the_stack_that_led_to_it() -> None:
    sent, fatal = parsed(PARSER, "cmake/message").found
    assert sent.symptom.complaint.headline == "the price list is missing"
    frames = [(f.function, f.line) for f in fatal.symptom.complaint.frames]
    assert frames == [("check", 10), ("message", 7)]


def test_ctest_names_its_tests() -> None:
    ran = parsed(PARSER, "cmake/ctest")
    assert ran.tests is not None
    assert (ran.tests.passed, ran.tests.failed, ran.tests.skipped) == (
        ("passes",),
        ("fails", "missing"),
        ("later",),
    )
    assert [(f.symptom.test, f.symptom.complaint.code) for f in ran.found] == [
        ("fails", "Failed"),
        ("missing", "Not Run"),
    ]


@pytest.mark.parametrize("name", ["cmake/clean", "cmake/build_make"])
def test_what_is_no_error_of_cmake_says_nothing(name: str) -> None:
    assert silent(PARSER, sample(name).text)


@pytest.mark.parametrize("text", ["-- CMake Errors: 0", "CMake Warning:\n  an old option"])
def test_words_about_errors_are_none(text: str) -> None:
    assert silent(PARSER, text)
