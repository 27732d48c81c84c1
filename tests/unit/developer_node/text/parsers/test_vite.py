"""Vite's output: of its dev server and of its build."""

from __future__ import annotations

from developer_node.text.parsers.vite import PARSER
from tests.support.tool_samples import said, sample, silent


def test_the_server_says_an_error_twice_and_it_is_one() -> None:
    assert said(PARSER, "vite/8_dev") == [
        (
            "",
            "src/main.js:1",
            'Failed to resolve import "./nope.js" from "src/main.js". Does the file exist?',
        )
    ]


def test_a_build_that_failed_has_the_bundlers_code() -> None:
    assert said(PARSER, "vite/8_syntax") == [("PARSE_ERROR", "src/main.js:1", "Unexpected token")]
    assert said(PARSER, "vite/8_unresolved") == [
        ("UNRESOLVED_IMPORT", "src/main.js:1", "Could not resolve './nope.js' in src/main.js")
    ]


def test_a_clean_build_says_nothing() -> None:
    assert silent(PARSER, sample("vite/8_clean").text)
