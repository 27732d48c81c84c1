"""Diffs between kept contents, rendered when they are shown."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.model.event import PathChange
from common.model.ids import ContentHash
from dragon_node.failures.changes import only_mode

DIFF_CHARS_MAX = 64 * 1024
_FILE_LINES_MAX = 20_000
"""difflib takes quadratic time on what has nothing in common."""

Contents = Mapping[ContentHash, bytes]


@dataclass(frozen=True, slots=True)
class Lines:
    """What a change adds and removes, blank lines left out."""

    added: Counter[str]
    removed: Counter[str]


def render(changes: Sequence[PathChange], contents: Contents) -> str:
    """A unified diff; says so where content was not kept or where it was cut."""
    text = "".join(line for change in changes for line in _file(change, contents))
    if len(text) <= DIFF_CHARS_MAX:
        return text
    kept = text[:DIFF_CHARS_MAX].rsplit("\n", 1)[0]
    return f"{kept}\n[cut: {len(text) - len(kept):,} more characters]\n"


def lines_of(change: PathChange, contents: Contents) -> Lines | None:
    """None when a side was not kept."""
    old, new = _side(change.old_git, change.old_content, contents), None
    if old is not None:
        new = _side(change.new_git, change.new_content, contents)
    if old is None or new is None:
        return None
    return _count(difflib.unified_diff(old, new, n=0))


def lines_of_patch(patch: str) -> dict[str, Lines]:
    """By path, from what `git show` prints."""
    sections: dict[str, list[str]] = {}
    section: list[str] = []
    for line in patch.split("\n"):
        if line.startswith("diff --git "):
            section = sections.setdefault(line.rsplit(" b/", 1)[-1], [])
        section.append(line)
    return {path: _count(iter(lines)) for path, lines in sections.items()}


def _file(change: PathChange, contents: Contents) -> Iterator[str]:
    if change.mode and change.new_git:
        yield f"[{change.path}: mode is now {change.mode}]\n"
    if only_mode(change):
        return
    old = _side(change.old_git, change.old_content, contents)
    new = _side(change.new_git, change.new_content, contents)
    before = f"a/{change.path}" if change.old_git else "/dev/null"
    after = f"b/{change.path}" if change.new_git else "/dev/null"
    if old is None or new is None or max(len(old), len(new)) > _FILE_LINES_MAX:
        why = "content not kept" if old is None or new is None else "too long to compare"
        yield f"--- {before}\n+++ {after}\n[{why}]\n"
        return
    for line in difflib.unified_diff(old, new, before, after):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _side(git: str, content: ContentHash, contents: Contents) -> list[str] | None:
    if not git:
        return []  # the file was not there
    data = contents.get(content) if content else None
    return None if data is None else data.decode("utf-8", "replace").splitlines(keepends=True)


def _count(lines: Iterator[str]) -> Lines:
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for line in lines:
        text = line[1:].strip()
        if line.startswith(("+++", "---")) or not text:
            continue
        if line[0] == "+":
            added[text] += 1
        elif line[0] == "-":
            removed[text] += 1
    return Lines(added, removed)
