"""Vite: what its dev server cannot transform, and what stops its build."""

from __future__ import annotations

import re
from collections.abc import Sequence

from common.model.failure import Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_SERVER = re.compile(
    r"\[vite\] (?:\(\w+\) )?(?:Internal server|Pre-transform) error: (?P<message>\S.*)$"
)
_FILE = re.compile(r"^ +File: (?P<path>[^:?]+)(?:\?[^:]*)?(?::(?P<line>\d+):\d+)?$")
_FAILED = re.compile(r"^error during build:$")
_REASON = re.compile(r"^\[(?P<code>[A-Z_]+)\] (?P<message>\S.*)$")
_WHERE = re.compile(r"^\s*╭─\[ (?P<path>.+?):(?P<line>\d+):\d+ \]$")
_REASON_LINES_MAX = 4


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """The server says one error twice, before and on request: it is one."""
    served = [_served(lines, i, m) for i, line in enumerate(lines) if (m := _SERVER.search(line))]
    once = {found.symptom: found for found in reversed(served)}
    begun = next((i for i, line in enumerate(lines) if _FAILED.match(line)), None)
    built = _built(lines, begun) if begun is not None else []
    own = [range(found.first, found.last + 1) for found in served]
    own += [range(begun, len(lines))] if begun is not None else []
    return Parsed((*reversed(once.values()), *built), own=tuple(own)) if own else None


def _served(lines: Sequence[str], i: int, said: re.Match[str]) -> Found:
    end = i + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    place = next((m for line in lines[i:end] if (m := _FILE.match(line))), None)
    frames = (Frame(place["path"], "", int(place["line"] or 0)),) if place else ()
    return _found("", said["message"], frames, i, end - 1)


def _built(lines: Sequence[str], begun: int) -> list[Found]:
    found: list[Found] = []
    for i in range(begun, len(lines)):
        reason = _REASON.match(lines[i])
        if reason:
            near = lines[i + 1 : i + 1 + _REASON_LINES_MAX]
            where = next((m for line in near if (m := _WHERE.match(line))), None)
            frames = (Frame(where["path"], "", int(where["line"])),) if where else ()
            found.append(_found(reason["code"], reason["message"], frames, i, i))
    return found


def _found(code: str, message: str, frames: tuple[Frame, ...], first: int, last: int) -> Found:
    complaint = Complaint(code, message.rstrip(), message.rstrip(), frames)
    return Found(Symptom("vite", complaint, kind="build"), first, last)


PARSER = Parser(
    tool="vite",
    parse=parse,
    hints=("[vite]", "error during build:"),
    kinds=("build",),
    captured="each error of the dev server or the build: message, file and line",
    codes="the bundler's: PARSE_ERROR, UNRESOLVED_IMPORT",
    commands=("vite",),
    during=True,
)
