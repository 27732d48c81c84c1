"""Every parser in order of priority, and how several of them share one output."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from common.model.failure import TestReport
from developer_node.text.parsers import (
    cargo,
    clang,
    cmake,
    eslint,
    gcc,
    generic,
    git,
    go,
    jest,
    make,
    mypy,
    npm,
    pip,
    pyright,
    pytest,
    python,
    ruff,
    rustc,
    shell,
    traces,
    tsc,
    unittest,
    uv,
    vite,
    vitest,
    webpack,
)
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Place, Symptom, plain_lines

PARSERS: tuple[Parser, ...] = (
    pytest.PARSER,
    unittest.PARSER,
    jest.PARSER,
    vitest.PARSER,
    go.PARSER,
    cargo.PARSER,
    rustc.PARSER,
    tsc.PARSER,
    pyright.PARSER,
    mypy.PARSER,
    ruff.PARSER,
    eslint.PARSER,
    clang.PARSER,
    gcc.PARSER,
    cmake.PARSER,
    webpack.PARSER,
    vite.PARSER,
    python.PARSER,
    uv.PARSER,
    pip.PARSER,
    npm.PARSER,
    git.PARSER,
    traces.PARSER,
    shell.PARSER,
    make.PARSER,
    generic.PARSER,
)
"""Earlier ones take their lines first: what runs others before what is run, and what has words
of its own before what has a shape that many share."""

_WORD = re.compile(r"[^\s|&;<>()'\"`$=]+")


def parse(text: str, command: str, place: Place) -> tuple[list[Symptom], TestReport | None]:
    """What the tools that spoke in an output say, in the order in which they said it.

    A line is one tool's: the earlier parser's, unless the command names another one's program.
    What is only a consequence is heard when nothing else was found.
    """
    whole = read(text, command, place)
    return [found.symptom for found in whole.found], whole.tests


@dataclass(frozen=True, slots=True)
class Read:
    """What all parsers say of one output."""

    found: tuple[Found, ...]
    """In order."""
    tests: TestReport | None


def read(text: str, command: str, place: Place, parsers: Sequence[Parser] = PARSERS) -> Read:
    """The same with its lines, by parsers of one's own choice."""
    lines = plain_lines(text)
    plain = "\n".join(lines)
    found: list[Found] = []
    consequences: list[Found] = []
    tests: list[TestReport] = []
    for parser in _in_order(command, parsers):
        parsed = parser.parse(lines, place) if any(h in plain for h in parser.hints) else None
        if parsed is None:
            continue
        (consequences if parser.consequence else found).extend(parsed.found)
        tests += [parsed.tests] if parsed.tests else []
        lines = _without(lines, parsed)
    said = sorted(found or consequences, key=lambda f: f.first)
    return Read(tuple(said), together(tests))


def programs(command: str) -> frozenset[str]:
    """Every word of a command that may be a program's name: wrappers such as `uv run` hide it."""
    words = _WORD.findall(command)
    return frozenset(os.path.basename(w) for w in words if not w.startswith("-"))


def _in_order(command: str, parsers: Sequence[Parser]) -> list[Parser]:
    named = programs(command)
    return sorted(parsers, key=lambda p: (p.consequence, named.isdisjoint(p.commands)))


def _without(lines: Sequence[str], parsed: Parsed) -> list[str]:
    """With what is taken left blank, so that indices stay."""
    left = list(lines)
    taken = (range(f.first, f.last + 1) for f in parsed.found)
    for span in (*taken, *parsed.own):
        for i in span:
            if i < len(left):
                left[i] = ""
    return left


def together(reports: Iterable[TestReport]) -> TestReport | None:
    """The reports of several runners as one."""
    whole: TestReport | None = None
    for report in reports:
        whole = report if whole is None else _sum(whole, report)
    return whole


def _sum(one: TestReport, other: TestReport) -> TestReport:
    names = [f.name for f in fields(TestReport)]
    return TestReport(**{name: getattr(one, name) + getattr(other, name) for name in names})
