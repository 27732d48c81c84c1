"""Outputs of real tools: the first line says which tool, command, directory and width made them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Place, plain_lines

DIRECTORY = Path(__file__).parents[1] / "unit/developer_node/text/parsers/samples"


@dataclass(frozen=True, slots=True)
class Sample:
    """One recorded output."""

    text: str
    cwd: str
    exit: int

    @property
    def lines(self) -> list[str]:
        return plain_lines(self.text)

    @property
    def place(self) -> Place:
        """The working copy begins where the command ran."""
        return Place(self.cwd, self.cwd, (self.cwd,))


def sample(name: str) -> Sample:
    """By `tool/name`, without its ending."""
    with (DIRECTORY / f"{name}.txt").open(encoding="utf-8", newline="") as file:
        header: dict[str, Any] = json.loads(file.readline().removeprefix("# "))
        return Sample(file.read(), str(header["cwd"]), int(header["exit"]))


def names(tool: str) -> list[str]:
    """Every sample of a tool."""
    return sorted(f"{tool}/{path.stem}" for path in (DIRECTORY / tool).glob("*.txt"))


def parsed(parser: Parser, name: str) -> Parsed:
    """What a parser says about a sample; its hints must let it speak."""
    taken = sample(name)
    assert any(hint in "\n".join(taken.lines) for hint in parser.hints)
    said = parser.parse(taken.lines, taken.place)
    assert said is not None
    return said


def said(parser: Parser, name: str) -> list[tuple[str, str, str]]:
    """Of each symptom the code, the innermost place and the headline."""
    place = sample(name).place
    return [row(found, place) for found in parsed(parser, name).found]


def row(found: Found, place: Place) -> tuple[str, str, str]:
    """As `said`, of one."""
    complaint = found.symptom.complaint
    inner = complaint.frames[-1] if complaint.frames else None
    where = f"{place.relative(inner.path)}:{inner.line}" if inner else ""
    return complaint.code, where, complaint.headline


def silent(parser: Parser, text: str) -> bool:
    """Whether a parser finds nothing wrong in a text."""
    found = parser.parse(plain_lines(text), Place("/w", "/w", ("/w",)))
    return found is None or not found.found
