"""Rust's panics: the message and where it was raised, with and without a backtrace."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.model.failure import Frame
from developer_node.text.parsers.rustc import in_workspace
from developer_node.text.parsers.symptom import Complaint, Place

_PANIC = re.compile(
    r"^ *thread '(?P<thread>.+?)'(?: \(\d+\))? panicked at "
    r"(?:(?P<path>[^'].*?):(?P<line>\d+):\d+:|'(?P<message>.*)', (?P<old>.+?):(?P<at>\d+):\d+)$"
)
_END = re.compile(r"^ *(?:stack backtrace:|note: |thread '.+' .*panicked at |---- )")
_BACKTRACE = re.compile(r"^ *(?:\d+: +\S.*|at \S.*:\d+(?::\d+)?|stack backtrace:|note: .*)$")
_ASSERTION = re.compile(r"^assertion `left (?P<operator>\S+) right` failed")
_OLD_ASSERTION = re.compile(r"^assertion failed: `\(left (?P<operator>\S+) right\)`")
_SIDE = re.compile(r"^ +(?P<side>left|right): (?P<value>.*?),?$")

_MESSAGE_LINES_MAX = 40


@dataclass(frozen=True, slots=True)
class Panic:
    """One panic and its lines."""

    complaint: Complaint
    thread: str
    first: int
    last: int


def panics(lines: Sequence[str], place: Place) -> Iterator[Panic]:
    """Every panic, in printed order.

    The frame is the place of the panic alone: the same panic is the same with RUST_BACKTRACE.
    """
    for i, line in enumerate(lines):
        found = _PANIC.match(line)
        if found:
            last, said = _said(lines, i, found)
            path = in_workspace(found["path"] or found["old"], place)
            frame = Frame(path, "", int(found["line"] or found["at"]))
            complaint = Complaint("panic", _headline(said), "\n".join(said), (frame,))
            yield Panic(complaint, found["thread"], i, _past_backtrace(lines, last))


def _said(lines: Sequence[str], i: int, found: re.Match[str]) -> tuple[int, list[str]]:
    """Index of the message's last line, and its lines."""
    if found["message"] is not None:
        return i, [found["message"]]
    indent = len(lines[i]) - len(lines[i].lstrip())
    said: list[str] = []
    for line in lines[i + 1 : i + 1 + _MESSAGE_LINES_MAX]:
        if not line or _END.match(line):
            break
        said.append(line[indent:])
    return i + len(said), said


def _headline(said: Sequence[str]) -> str:
    """The first line; an assertion's two sides as values that were compared."""
    if not said:
        return "explicit panic"
    operator = _ASSERTION.match(said[0]) or _OLD_ASSERTION.match(said[0])
    sides = {m["side"]: m["value"] for line in said[1:] if (m := _SIDE.match(line))}
    if operator and len(sides) == 2:
        return f"{said[0]}\nassert {sides['left']} {operator['operator']} {sides['right']}"
    return said[0]


def _past_backtrace(lines: Sequence[str], last: int) -> int:
    while last + 1 < len(lines) and _BACKTRACE.match(lines[last + 1]):
        last += 1
    return last
