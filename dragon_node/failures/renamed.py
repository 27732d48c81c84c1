"""What a failure was called before its test, or a file of its trace, was renamed.

Only by evidence: one recorded change took the old file away and brought the new one with (nearly)
the same lines, or took the old function out of the test's file and put the new one in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import apsw

from common.fingerprint import fingerprint
from common.model.event import PathChange
from common.model.failure import Failure
from common.model.ids import ContentHash
from dragon_node.failures.changes import file_of
from dragon_node.failures.diffs import Contents, lines_of

ALIKE_MIN = 0.5
"""Of the lines of the longer file: git's own measure of a rename."""
_CHANGES_MAX = 20
"""Newest changes of a path that are looked at."""
_NAMES_MAX = 8
_FUNCTION = re.compile(r"\b(?:def|func|fn|function|fun)\s+(\w+)\s*\(")


@dataclass(frozen=True, slots=True)
class Moves:
    """Recorded changes that may be renames."""

    made: tuple[tuple[PathChange, tuple[PathChange, ...]], ...] = ()
    """A file of the failure that was made, and those that went in the same change."""
    edited: tuple[PathChange, ...] = ()
    """Of the test's own file."""

    @property
    def contents(self) -> set[ContentHash]:
        """What has to be read to tell."""
        files = (*(c for new, gone in self.made for c in (new, *gone)), *self.edited)
        return {h for c in files for h in (c.old_content, c.new_content) if h}


def moves(db: apsw.Connection, failure: Failure) -> Moves:
    """Of the files that a failure names."""
    own = file_of(failure.test)
    paths = dict.fromkeys([own, *(f.path for f in failure.frames if f.in_app)])
    made: list[tuple[PathChange, tuple[PathChange, ...]]] = []
    edited: list[PathChange] = []
    for path in filter(None, paths):
        for lsn, change in _of_path(db, path):
            if not change.old_git:
                made.append((change, _gone(db, lsn)))
            elif path == own:
                edited.append(change)
    return Moves(tuple(made), tuple(edited))


def earlier(failure: Failure, found: Moves, contents: Contents) -> Iterator[Failure]:
    """As it would have been told under its older names, likeliest first."""
    files: dict[str, list[str]] = {}
    for new, gone in found.made:
        files.setdefault(new.path, []).extend(_old_paths(new, gone, contents))
    name = failure.test.rpartition("::")[2].partition("[")[0]
    functions = list(dict.fromkeys(_old_functions(name, found.edited, contents)))[:_NAMES_MAX]
    choices = [[(new, old) for old in (new, *dict.fromkeys(olds))] for new, olds in files.items()]
    for chosen in product(*choices[:3]):
        for function in ("", *functions):
            before = _before(failure, dict(chosen), name, function)
            if before.fingerprint != failure.fingerprint:
                yield before


def _of_path(db: apsw.Connection, path: str) -> list[tuple[int, PathChange]]:
    rows = db.execute(
        """SELECT lsn, path, old_git, new_git, old_content, new_content FROM run_changes
           WHERE path=? AND new_git<>'' ORDER BY lsn DESC LIMIT ?""",
        (path, _CHANGES_MAX),
    )
    return [(int(str(lsn)), _change(row)) for lsn, *row in rows]


def _gone(db: apsw.Connection, lsn: int) -> tuple[PathChange, ...]:
    rows = db.execute(
        """SELECT path, old_git, new_git, old_content, new_content FROM run_changes
           WHERE lsn=? AND new_git='' LIMIT ?""",
        (lsn, _CHANGES_MAX),
    )
    return tuple(_change(row) for row in rows)


def _change(row: Iterable[object]) -> PathChange:
    path, old_git, new_git, old, new = map(str, row)
    return PathChange(path, old_git, new_git, ContentHash(old), ContentHash(new))


def _old_paths(new: PathChange, gone: Iterable[PathChange], contents: Contents) -> list[str]:
    scored = [(_alike(old, new, contents), old.path) for old in gone]
    return [path for share, path in sorted(scored, reverse=True) if share >= ALIKE_MIN]


def _alike(old: PathChange, new: PathChange, contents: Contents) -> float:
    if old.old_git == new.new_git:
        return 1.0
    before, after = lines_of(old, contents), lines_of(new, contents)
    if before is None or after is None:
        return 0.0
    longer = max(before.removed.total(), after.added.total())
    return (before.removed & after.added).total() / longer if longer else 0.0


def _old_functions(name: str, edited: Iterable[PathChange], contents: Contents) -> Iterator[str]:
    for change in edited:
        lines = lines_of(change, contents)
        if lines is not None and name in _functions(lines.added):
            yield from _functions(lines.removed) - _functions(lines.added)


def _functions(lines: Iterable[str]) -> set[str]:
    return {m[1] for line in lines if (m := _FUNCTION.search(line))}


def _before(failure: Failure, files: Mapping[str, str], name: str, function: str) -> Failure:
    frames = tuple(
        replace(
            f,
            path=files.get(f.path, f.path),
            function=function if function and f.function == name else f.function,
        )
        for f in failure.frames
    )
    path, colons, rest = failure.test.partition("::")
    test = f"{files.get(path, path)}{colons}{rest}"
    if function:
        head, colons, last = test.rpartition("::")
        test = f"{head}{colons}{function}{last[len(name) :]}"
    if (frames, test) == (failure.frames, failure.test):
        return failure
    made = fingerprint(failure.tool, failure.code, failure.normalised, frames, test)
    return replace(failure, frames=frames, test=test, fingerprint=made)
