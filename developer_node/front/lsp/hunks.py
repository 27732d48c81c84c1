"""A change as edits of whole lines, where its hunks still fit exactly; nothing is forced."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from developer_node.front.lsp.buffer import lines_of

_HUNK = re.compile(r"@@ -(?P<start>\d+)(?:,(?P<olds>\d+))? \+\d+(?:,(?P<news>\d+))? @@")
_OTHERWISE = (
    "new file mode",
    "deleted file mode",
    "rename ",
    "copy ",
    "old mode",
    "Binary files",
    "GIT binary patch",
    "\\ No newline",
)
"""More than lines that change in a file that is there."""


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Lines from `start` up to `end`, both from 0, become these."""

    path: str
    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Hunk:
    path: str
    start: int
    """From 0."""
    old: tuple[str, ...]
    new: tuple[str, ...]


def edits(diff: str, read: Callable[[str], str | None]) -> tuple[LineEdit, ...] | None:
    """What `git apply` would do to the files as they are now, which `read` tells by path.

    None when a hunk's lines are not there exactly as it knows them, or are there more than once
    and not at its place, or when it does more than change lines.
    """
    hunks = _hunks(diff)
    if not hunks:
        return None
    found: list[LineEdit] = []
    texts: dict[str, list[str] | None] = {}
    for hunk in hunks:
        if hunk.path not in texts:
            text = read(hunk.path)
            texts[hunk.path] = None if text is None else lines_of(text)
        lines = texts[hunk.path]
        at = None if lines is None else _place(hunk, lines)
        if at is None:
            return None
        edit = _trimmed(hunk, at)
        if any(e.path == edit.path and edit.start < e.end for e in found):
            return None
        found.append(edit)
    return tuple(found)


def _place(hunk: _Hunk, lines: Sequence[str]) -> int | None:
    size = len(hunk.old)
    # the last one stands for what follows the final line end: a hunk never reaches it
    places = [i for i in range(len(lines) - size) if tuple(lines[i : i + size]) == hunk.old]
    if hunk.start in places:
        return hunk.start
    return places[0] if len(places) == 1 else None


def _trimmed(hunk: _Hunk, at: int) -> LineEdit:
    old, new = hunk.old, hunk.new
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return LineEdit(hunk.path, at + head, at + len(old) - tail, new[head : len(new) - tail])


def _hunks(diff: str) -> tuple[_Hunk, ...] | None:
    """None where it cannot be read wholly, or says more than lines."""
    lines = diff.split("\n")
    found: list[_Hunk] = []
    path, at = "", 0
    while at < len(lines):
        text = lines[at]
        at += 1
        if text.startswith(_OTHERWISE) or text == "--- /dev/null":
            return None
        if text.startswith("+++ "):
            if not text.startswith("+++ b/"):
                return None
            path = text[6:].rstrip("\t\r")
        elif opened := _HUNK.match(text):
            hunk, at = _hunk(path, opened, lines, at)
            if hunk is None:
                return None
            found.append(hunk)
    return tuple(found)


def _hunk(
    path: str, opened: re.Match[str], lines: Sequence[str], at: int
) -> tuple[_Hunk | None, int]:
    """As many lines as its header says, and where the next thing begins."""
    old: list[str] = []
    new: list[str] = []
    olds, news = int(opened["olds"] or 1), int(opened["news"] or 1)
    while len(old) < olds or len(new) < news:
        sign, line = (
            (lines[at][:1], lines[at][1:].removesuffix("\r")) if at < len(lines) else ("", "")
        )
        at += 1
        if sign not in ("+", "-", " "):
            return None, at
        if sign != "+":
            old.append(line)
        if sign != "-":
            new.append(line)
    if not path or not old or (len(old), len(new)) != (olds, news):
        return None, at
    return _Hunk(path, int(opened["start"]) - 1, tuple(old), tuple(new)), at
