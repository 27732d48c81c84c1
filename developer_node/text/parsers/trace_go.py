"""Go's panics and fatal errors: message and the frames of the goroutine that died."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.model.failure import Frame
from developer_node.text.parsers.symptom import Complaint

_BEGIN = re.compile(r"^(?P<code>panic|fatal error): (?P<message>.+?)(?: \[recovered(?:, .*)?\])?$")
_AGAIN = re.compile(r"^\tpanic: (?P<message>.+?)(?: \[recovered(?:, .*)?\])?$")
_GOROUTINE = re.compile(r"^goroutine \d+ (?:gp=.* )?\[.+\]:$")
_CALL = re.compile(r"^(?P<function>[^\s(].*?)\((?P<arguments>[^()]*)\)$")
_AT = re.compile(r"^\t(?P<path>\S.*?\.(?:go|s)):(?P<line>\d+)(?: \+0x[0-9a-f]+)?$")
_RUNTIME = re.compile(r"^runtime error: ")

_HEAD_LINES_MAX = 60
"""Between the message and the first goroutine: what else was recovered, tests that still ran."""


@dataclass(frozen=True, slots=True)
class Crash:
    """One panic and its lines."""

    complaint: Complaint
    causes: tuple[Complaint, ...]
    first: int
    last: int


def crashes(lines: Sequence[str]) -> Iterator[Crash]:
    """Every panic that ended a program: those with a goroutine's frames."""
    for i, line in enumerate(lines):
        begin = _BEGIN.match(line)
        goroutine = _goroutine(lines, i) if begin else None
        if begin and goroutine:
            yield _crash(lines, begin, i, goroutine)


def _goroutine(lines: Sequence[str], i: int) -> int | None:
    """Index of the first goroutine's title; None when another panic comes before."""
    for n in range(i + 1, min(i + _HEAD_LINES_MAX, len(lines))):
        if _GOROUTINE.match(lines[n]):
            return n
        if _BEGIN.match(lines[n]):
            return None
    return None


def _crash(lines: Sequence[str], begin: re.Match[str], i: int, goroutine: int) -> Crash:
    frames, last = _frames(lines, goroutine + 1)
    said = [begin["message"]]
    said += [m["message"] for line in lines[i + 1 : goroutine] if (m := _AGAIN.match(line))]
    said = list(dict.fromkeys(said))
    whole = "\n".join(line for line in lines[i:goroutine] if line)
    *earlier, own = [_complaint(begin["code"], text) for text in said]
    complaint = Complaint(own.code, own.headline, whole, tuple(reversed(frames)))
    return Crash(complaint, tuple(earlier), i, last)


def _complaint(code: str, text: str) -> Complaint:
    runtime = _RUNTIME.match(text)
    return Complaint("runtime error" if runtime else code, text, text)


def _frames(lines: Sequence[str], i: int) -> tuple[list[Frame], int]:
    """Innermost first as printed; what stands above `panic(` only reports it."""
    frames: list[Frame] = []
    while i + 1 < len(lines):
        call, at = _CALL.match(lines[i]), _AT.match(lines[i + 1])
        if call is None or at is None:
            break
        if call["function"] == "panic":
            frames.clear()
        else:
            function = call["function"].rpartition("/")[2]
            frames.append(Frame(at["path"], function, int(at["line"])))
        i += 2
    if i + 1 < len(lines) and lines[i].startswith("created by ") and _AT.match(lines[i + 1]):
        i += 2
    return frames, i - 1
