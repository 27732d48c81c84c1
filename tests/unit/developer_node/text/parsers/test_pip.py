"""pip's output, of versions 22 and 26."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.pip import PARSER
from developer_node.text.parsers.symptom import Place
from tests.support.tool_samples import parsed, row, said, sample, silent

BOTH = ("pip/22.3", "pip/26.3")
NONE = "no-matching-distribution"


def one(text: str) -> tuple[str, str, str]:
    place = Place("/w", "/w", ("/w",))
    found = PARSER.parse(text.split("\n"), place)
    assert found is not None
    (first,) = found.found
    return row(first, place)


@pytest.mark.parametrize("name", [*(f"{v}_notfound" for v in BOTH), "pip/26.3_colours_40"])
def test_what_pip_says_twice_is_one_failure(name: str) -> None:
    assert said(PARSER, name) == [(NONE, "", "No matching distribution found for pear-of-nobody")]


@pytest.mark.parametrize("version", BOTH)
def test_who_wants_a_package_is_no_part_of_what_is_missing(version: str) -> None:
    assert said(PARSER, f"{version}_needs") == [
        (NONE, "", "No matching distribution found for pear-of-nobody>=2")
    ]


@pytest.mark.parametrize("version", BOTH)
def test_a_version_that_is_not_there_is_named(version: str) -> None:
    assert said(PARSER, f"{version}_noversion") == [
        (NONE, "", "No matching distribution found for pip==999")
    ]


def test_an_index_that_does_not_answer_is_a_matter_of_the_network() -> None:
    (found,) = parsed(PARSER, "pip/26.3_network").found
    assert (found.symptom.complaint.code, found.symptom.kind) == ("NewConnectionError", "network")


@pytest.mark.parametrize("version", BOTH)
def test_a_build_that_fails_has_its_own_traceback_as_cause(version: str) -> None:
    (found,) = parsed(PARSER, f"{version}_build").found
    assert found.symptom.kind == "build"
    assert found.symptom.complaint.code == "subprocess-exited-with-error"
    (cause,) = found.symptom.causes
    assert (cause.code, cause.headline) == ("RuntimeError", "no compiler on Tuesdays")


@pytest.mark.parametrize("version", BOTH)
def test_a_requirement_that_cannot_be_read_has_its_line(version: str) -> None:
    rows = said(PARSER, f"{version}_badfile")
    assert rows == [("", "bad.txt:1", "Invalid requirement: 'pear == == 2'")]


@pytest.mark.parametrize("version", BOTH)
def test_a_requirements_file_that_is_not_there_is_said(version: str) -> None:
    ((_, _, headline),) = said(PARSER, f"{version}_nofile")
    assert headline.startswith("Could not open requirements file: [Errno 2] ")


def test_the_file_that_asked_is_the_place() -> None:
    text = (
        "ERROR: Could not find a version that satisfies the requirement pear==9 "
        "(from -r requirements/dev.txt (line 3)) (from versions: 1.0, 1.1)"
    )
    assert one(text) == (
        NONE,
        "requirements/dev.txt:3",
        "No matching distribution found for pear==9",
    )


def test_an_environment_that_is_managed_elsewhere_is_said_in_its_words() -> None:
    text = "error: externally-managed-environment\n\n× This environment is externally managed\n"
    assert one(text) == (
        "externally-managed-environment",
        "",
        "This environment is externally managed",
    )


@pytest.mark.parametrize(
    "text",
    [
        sample("pip/26.3_clean").text,
        "ERROR: 0 errors in the log",
        "error: could not compile `shop`",
        "ERROR: test_total (tests.test_prices.PricesTest)",
    ],
)
def test_what_is_not_pips_says_nothing(text: str) -> None:
    assert silent(PARSER, text)
