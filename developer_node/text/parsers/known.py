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
    docker,
    eslint,
    gcc,
    generic,
    git,
    go,
    gradle,
    javac,
    jest,
    make,
    maven,
    mypy,
    node,
    node_test,
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
    node_test.PARSER,
    go.PARSER,
    cargo.PARSER,
    gradle.PARSER,
    maven.PARSER,
    rustc.PARSER,
    tsc.PARSER,
    pyright.PARSER,
    mypy.PARSER,
    ruff.PARSER,
    eslint.PARSER,
    javac.PARSER,
    clang.PARSER,
    gcc.PARSER,
    cmake.PARSER,
    webpack.PARSER,
    vite.PARSER,
    uv.PARSER,
    pip.PARSER,
    npm.PARSER,
    docker.PARSER,
    git.PARSER,
    node.PARSER,
    python.PARSER,
    traces.PARSER,
    shell.PARSER,
    make.PARSER,
    generic.PARSER,
    cargo.CONSEQUENCE,
    gradle.CONSEQUENCE,
    maven.CONSEQUENCE,
    npm.LIFECYCLE,
)
"""Earlier ones take their lines first: what runs others before what is run, and what has words
of its own before what has a shape that many share."""

_COMMON = frozenset(("uv",))
"""Their words are common ones: unless the command names them, others are asked first, and they
are heard when nothing else was found."""
_WORD = re.compile(r"[^\s|&;<>()'\"`$=]+")


def parse(
    text: str, command: str, place: Place, parsers: Sequence[Parser] = PARSERS
) -> tuple[list[Symptom], TestReport | None]:
    """What the tools that spoke in an output say, in the order in which they said it.

    A line is one tool's: the earlier parser's, unless the command names another one's program.
    Unknown tools are heard when no known one spoke, consequences when nothing else was found.
    """
    whole = read(text, command, place, parsers)
    return [found.symptom for found in whole.found], whole.tests


@dataclass(frozen=True, slots=True)
class Read:
    """What all parsers say of one output."""

    found: tuple[Found, ...]
    """In order."""
    tests: TestReport | None


def read(text: str, command: str, place: Place, parsers: Sequence[Parser] = PARSERS) -> Read:
    """The same with its lines, by parsers of one's own choice."""
    lines = whole = plain_lines(text)
    plain = "\n".join(whole)
    said: dict[int, list[Found]] = {}
    tests: list[TestReport] = []
    named = programs(command)
    for parser in sorted(parsers, key=lambda p: (_rank(p, named), named.isdisjoint(p.commands))):
        # A consequence may stand in lines that its own tool has set aside.
        left = whole if parser.consequence else lines
        parsed = parser.parse(left, place) if any(h in plain for h in parser.hints) else None
        if parsed is None:
            continue
        said.setdefault(_rank(parser, named), []).extend(parsed.found)
        tests += [parsed.tests] if parsed.tests else []
        lines = _without(lines, parsed)
    heard = next((said[rank] for rank in sorted(said) if said[rank]), list[Found]())
    return Read(tuple(sorted(heard, key=lambda f: f.first)), together(tests))


def _rank(parser: Parser, named: frozenset[str]) -> int:
    """Those of a higher one are heard when no lower one found anything."""
    if parser.consequence:
        return 3
    if parser is generic.PARSER:
        return 2
    return int(parser.tool in _COMMON and named.isdisjoint(parser.commands))


def own_words(command: str) -> tuple[Parser, ...]:
    """The parsers for a command that only shows what others wrote."""
    named = programs(command)
    return tuple(p for p in PARSERS if p is shell.PARSER or not named.isdisjoint(p.commands))


SURE: tuple[Parser, ...] = tuple(
    p for p in PARSERS if p is not generic.PARSER and not p.consequence
)
"""For a text without an exit code beside it."""


def programs(command: str) -> frozenset[str]:
    """Every word of a command that may be a program's name: wrappers such as `uv run` hide it."""
    words = _WORD.findall(command)
    return frozenset(os.path.basename(w) for w in words if not w.startswith("-"))


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
