"""The text of an open file, changed as its editor tells; lines end where the protocol says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""What a character's place in its line is counted in."""

_LINE_END = re.compile(r"\r\n|\n|\r")


def lines_of(text: str) -> list[str]:
    """The lines without their ends; at least one, and an empty last one after a final end."""
    return _LINE_END.split(text)


def width(character: str, encoding: Encoding) -> int:
    """Units of one character."""
    point = ord(character)
    match encoding:
        case "utf-32":
            return 1
        case "utf-16":
            return 2 if point > 0xFFFF else 1
        case "utf-8":
            return 1 + (point > 0x7F) + (point > 0x7FF) + (point > 0xFFFF)


def units(text: str, encoding: Encoding) -> int:
    """Units of a text."""
    return len(text) if text.isascii() else sum(width(c, encoding) for c in text)


def index(line: str, at: int, encoding: Encoding) -> int:
    """Characters before so many units; behind the end is the end, within a character its start."""
    if line.isascii():
        return min(at, len(line))
    passed = 0
    for i, character in enumerate(line):
        passed += width(character, encoding)
        if passed > at:
            return i
    return len(line)


@dataclass(frozen=True, slots=True)
class Span:
    """From a line and unit, both from 0, up to another."""

    start: tuple[int, int]
    end: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Buffer:
    """One version of an open file."""

    text: str
    version: int = 0

    def changed(self, span: Span | None, text: str, encoding: Encoding) -> Buffer:
        """With the span's text replaced, or all of it."""
        if span is None:
            return Buffer(text, self.version)
        start = self._offset(span.start, encoding)
        end = max(start, self._offset(span.end, encoding))
        return Buffer(self.text[:start] + text + self.text[end:], self.version)

    def _offset(self, place: tuple[int, int], encoding: Encoding) -> int:
        line, at = place
        start = 0
        for _ in range(line):
            ended = _LINE_END.search(self.text, start)
            if ended is None:
                return len(self.text)
            start = ended.end()
        ended = _LINE_END.search(self.text, start)
        last = ended.start() if ended else len(self.text)
        return start + index(self.text[start:last], at, encoding)


def extent(lines: Sequence[str], line: int, encoding: Encoding) -> Span:
    """A line from its first character that is no space to its end; `line` from 1."""
    text = lines[line - 1]
    indent = len(text) - len(text.lstrip())
    start = indent if indent < len(text) else 0
    return Span((line - 1, units(text[:start], encoding)), (line - 1, units(text, encoding)))
