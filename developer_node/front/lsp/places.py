"""Where in an open file a failure is to be shown: its own lines, followed through every change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from common.model.failure import Failure, Frame

COMPARED_LINES_MAX = 600
"""Of a changed middle. In a longer one a line is found when there is only one like it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A line that a failure names."""

    path: str
    """Relative to the working copy."""
    line: int
    """From 1, as the file was when it failed."""
    function: str = ""


def spots(failure: Failure) -> tuple[Spot, ...]:
    """The innermost line of the person's own code, and the last one in the test's own file."""
    own = [f for f in failure.frames if f.in_app and f.line > 0 and not f.path.startswith("/")]
    chosen: list[Frame] = own[-1:]
    file = failure.test.partition("::")[0]
    in_test = [f for f in own if f.path == file]
    if in_test and in_test[-1].path != chosen[0].path:
        chosen.append(in_test[-1])
    return tuple(Spot(f.path, f.line, f.function) for f in chosen)


def follow(before: Sequence[str], line: int, now: Sequence[str]) -> int | None:
    """Where a line of `before` is in `now`, both from 1; None when it was changed or taken out."""
    if not 0 < line <= len(before):
        return None
    at = line - 1
    same = 0
    while same < min(len(before), len(now)) and before[same] == now[same]:
        same += 1
    if at < same:
        return line
    left = min(len(before), len(now)) - same
    tail = 0
    while tail < left and before[-1 - tail] == now[-1 - tail]:
        tail += 1
    if at >= len(before) - tail:
        return line + len(now) - len(before)
    was, are = before[same : len(before) - tail], now[same : len(now) - tail]
    if max(len(was), len(are)) > COMPARED_LINES_MAX:
        found = _only(was, are, before[at])
    else:
        found = _matched(was, are, at - same)
    return None if found is None else same + found + 1


def _matched(was: Sequence[str], are: Sequence[str], at: int) -> int | None:
    for a, b, size in SequenceMatcher(None, was, are, autojunk=False).get_matching_blocks():
        if a <= at < a + size:
            return b + at - a
    return None


def _only(was: Sequence[str], are: Sequence[str], text: str) -> int | None:
    if not text.strip() or was.count(text) != 1 or are.count(text) != 1:
        return None
    return are.index(text)
