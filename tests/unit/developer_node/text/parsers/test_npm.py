"""npm's output, of versions 8, 10 and 11, against a registry on this machine."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.npm import LIFECYCLE, PARSER
from tests.support.tool_samples import parsed, said, sample, silent

ALL = ("npm/8", "npm/10", "npm/11")


@pytest.mark.parametrize("version", ALL)
def test_a_conflict_names_the_peer_that_is_wanted(version: str) -> None:
    assert said(PARSER, f"{version}_conflict") == [
        (
            "ERESOLVE",
            "package.json:0",
            'unable to resolve dependency tree: peer fig@"^2.0.0" from pear@1.0.0',
        )
    ]


@pytest.mark.parametrize("name", [*(f"{v}_notfound" for v in ALL), "npm/11_colours_40"])
def test_a_package_that_is_not_there_is_named_and_its_registry_is_not(name: str) -> None:
    assert said(PARSER, name) == [
        ("E404", "package.json:0", "Not Found - GET <registry>/kiwi-of-nobody - not found")
    ]


@pytest.mark.parametrize("version", ["npm/8", "npm/11"])
def test_a_version_that_is_not_there_is_named(version: str) -> None:
    assert said(PARSER, f"{version}_noversion") == [
        ("ETARGET", "package.json:0", "No matching version found for fig@9.")
    ]


@pytest.mark.parametrize("version", ALL)
def test_a_script_that_is_not_there_is_named(version: str) -> None:
    assert said(PARSER, f"{version}_missing_script") == [
        ("missing-script", "package.json:0", 'Missing script: "build"')
    ]


@pytest.mark.parametrize("version", ALL)
def test_a_registry_that_does_not_answer_is_a_matter_of_the_network(version: str) -> None:
    (found,) = parsed(PARSER, f"{version}_refused").found
    assert (found.symptom.complaint.code, found.symptom.kind) == ("ECONNREFUSED", "network")
    assert "log of this run" not in found.symptom.complaint.message


def test_a_package_json_that_cannot_be_read_is_said() -> None:
    (row,) = said(PARSER, "npm/11_badjson")
    assert row[0] == "EJSONPARSE"
    assert row[2].startswith("Invalid package.json: ")


def test_that_a_script_failed_is_only_a_consequence() -> None:
    name = "npm/11_workspace_script"
    taken = parsed(PARSER, name)
    assert taken.found == ()
    assert taken.own  # nobody else reads them either
    assert said(LIFECYCLE, name) == [("3", "", "Lifecycle script `test` failed")]
    assert LIFECYCLE.consequence


def test_a_package_whose_own_build_failed_is_no_consequence() -> None:
    text = (
        "npm error code 1\nnpm error path /w/node_modules/fig\nnpm error command failed\n"
        "npm error command sh -c node-gyp rebuild\nnpm error gyp ERR! no Python"
    )
    assert silent(LIFECYCLE, text)
    found = PARSER.parse(text.split("\n"), sample("npm/11_clean").place)
    assert found is not None
    assert found.found[0].symptom.complaint.headline == "command failed: sh -c node-gyp rebuild"


def test_one_run_of_npm_says_one_thing_and_takes_all_its_lines() -> None:
    taken = sample("npm/8_refused")
    (found,) = parsed(PARSER, "npm/8_refused").found
    assert found.first == 0
    assert [line for line in taken.lines[found.last + 1 :] if line] == []


@pytest.mark.parametrize(
    "text",
    [sample("npm/11_clean").text, sample("npm/11_script").text, "npm warn deprecated pear@1.0.0"],
)
def test_what_is_no_error_says_nothing(text: str) -> None:
    assert silent(PARSER, text)
