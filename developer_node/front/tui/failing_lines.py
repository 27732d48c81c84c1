"""Where in the output of a command its failures are told, and which line of code each means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.model.event import CommandFinished
from common.model.failure import Failure
from developer_node.front.tui.editor import first_of
from developer_node.front.tui.plain import one_line

STOPS_MAX = 50


@dataclass(frozen=True, slots=True)
class Stop:
    """A line that one wants to get to."""

    line: int
    """Its number in the text, from 1."""
    file: Path | None = None
    """What it speaks of, on this machine."""
    at: int = 0
    """The line there."""


def failing_lines(lines: Sequence[str], command: CommandFinished) -> tuple[Stop, ...]:
    """One for each failure that the text tells of, in the order of the text: the line that names
    the place in the developer's own code, else the one that has the message."""
    found: dict[int, Stop] = {}
    for failure in command.failures:
        for stop in _told(lines, failure, command.cwd):
            found.setdefault(stop.line, stop)
    return tuple(sorted(found.values(), key=lambda stop: stop.line)[:STOPS_MAX])


def _told(lines: Sequence[str], failure: Failure, cwd: str) -> Iterator[Stop]:
    file, at = _place(failure, cwd)
    for needle in _needles(failure):
        for number, line in enumerate(lines, 1):
            if needle in line:
                yield Stop(number, file, at)
                return


def _needles(failure: Failure) -> Iterator[str]:
    """What to look for, the most telling first."""
    for frame in reversed(failure.frames):
        if frame.in_app and frame.line:
            yield f"{frame.path}:{frame.line}"
            yield f'{frame.path}", line {frame.line}'
    said = one_line(failure.message.splitlines()[0], 200) if failure.message else ""
    if said:
        yield said
    if failure.test:
        yield failure.test
    if failure.code:
        yield failure.code


def _place(failure: Failure, cwd: str) -> tuple[Path | None, int]:
    own = next((f for f in reversed(failure.frames) if f.in_app and f.path), None)
    return (first_of((cwd,), own.path), own.line) if own else (None, 0)
