"""What holds of every parser of Python's and JavaScript's tools, whatever a program prints."""

from __future__ import annotations

import random

import pytest

from developer_node.text.parsers import (
    eslint,
    jest,
    mypy,
    node,
    node_test,
    npm,
    pip,
    pyright,
    ruff,
    tsc,
    unittest,
    uv,
    vitest,
)
from developer_node.text.parsers.parser import Parser
from tests.support.tool_samples import Sample, names, sample

PARSERS = (
    eslint.PARSER,
    jest.PARSER,
    mypy.PARSER,
    node.PARSER,
    node_test.PARSER,
    npm.PARSER,
    npm.LIFECYCLE,
    pip.PARSER,
    pyright.PARSER,
    ruff.PARSER,
    tsc.PARSER,
    unittest.PARSER,
    uv.PARSER,
    vitest.PARSER,
)
FOLDERS = (
    "unittest mypy pyright ruff tsc eslint jest vitest node node_test npm pip uv".split()  # noqa: SIM905
)
SAMPLES = [name for folder in FOLDERS for name in names(folder)]
ALLOWED = {
    ("npm", "npm"),  # a consequence is a parser of its own
    ("node --test", "node_test"),
}


def check(parser: Parser, lines: list[str], taken: Sample) -> None:
    said = parser.parse(lines, taken.place)
    for found in said.found if said else ():
        assert 0 <= found.first <= found.last < len(lines)
        assert found.symptom.complaint.headline.strip()
        assert found.symptom.kind in parser.kinds
        assert "\x1b" not in found.symptom.complaint.message


@pytest.mark.parametrize("name", SAMPLES)
def test_an_output_cut_anywhere_is_read_without_a_fault(name: str) -> None:
    """Head and tail are kept of a long output, and a program may die while it prints."""
    taken = sample(name)
    dice = random.Random(name)
    for _ in range(6):
        begin, end = sorted(dice.randrange(len(taken.lines) + 1) for _ in range(2))
        for parser in PARSERS:
            check(parser, taken.lines[begin:end], taken)
    for parser in PARSERS:
        check(parser, taken.lines, taken)


@pytest.mark.parametrize("name", SAMPLES)
def test_only_the_tool_that_spoke_claims_an_output(name: str) -> None:
    taken = sample(name)
    text = "\n".join(taken.lines)
    for parser in PARSERS:
        said = parser.parse(taken.lines, taken.place) if _is_asked(parser, text) else None
        folder = name.partition("/")[0]
        is_own = parser.tool == folder or (parser.tool, folder) in ALLOWED
        assert is_own or not (said and said.found), parser.tool


def _is_asked(parser: Parser, text: str) -> bool:
    return any(hint in text for hint in parser.hints)


@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.tool)
def test_a_very_long_line_is_read_at_once(parser: Parser) -> None:
    """No pattern may try every way to read a line: that would take hours, not the suite's limit."""
    taken = sample("mypy/2.4_clean")
    for piece in ("a", " ", "/a", "a: ", "[a] ", "at a (", ".py:1: error: ", "│ ", "error "):
        check(parser, [piece * (100_000 // len(piece))] * 3, taken)
