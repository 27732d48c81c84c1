"""What a parser is: one tool, the words that show its presence, and a pure function over lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.model.failure import FailureKind, TestReport
from developer_node.text.parsers.symptom import Place, Symptom


@dataclass(frozen=True, slots=True)
class Found:
    """A symptom and the lines that say it: no later parser reads them again."""

    symptom: Symptom
    first: int
    """Index of the first line, from 0."""
    last: int
    """Index of the last line."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one parser says about one output."""

    found: tuple[Found, ...] = ()
    tests: TestReport | None = None
    """None unless a test runner reported."""
    own: tuple[range, ...] = ()
    """Lines that are this tool's though they say no symptom: no later parser reads them."""


@dataclass(frozen=True, slots=True)
class Parser:
    """One tool. What is written here is also a row of the table in docs/capture.md."""

    tool: str
    parse: Callable[[Sequence[str], Place], Parsed | None]
    """Lines without colours, as `plain_lines` gives them; None when the tool did not speak."""
    hints: tuple[str, ...]
    """One of them must be in the text, as it is written; else the parser is not asked."""
    kinds: tuple[FailureKind, ...]
    captured: str
    """What is taken from it, in words."""
    codes: str = ""
    """What its codes are, in words; empty when it has none."""
    commands: tuple[str, ...] = ()
    """Programs that print so: of two tools that print alike, the one that was run is meant."""
    during: bool = False
    """It speaks while a program still runs: a dev server, a watch mode."""
    consequence: bool = False
    """It only says that something else failed: heard when nothing else was found."""
