"""What changed between two grounds, and which of it a failure speaks of. Pure functions."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from common.model.event import PathChange
from common.model.failure import Failure
from common.standing_in import own_name
from common.tests_by_name import holds_what_is_expected

_DERIVED = re.compile(
    r"(^|/)(__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.hypothesis|htmlcov)/"
    r"|\.py[co]$|(^|/)\.coverage(\.[^/]*)?$"
)
"""Written by the run itself where no .gitignore names it: says nothing about the code."""

_DEPENDENCIES = re.compile(
    r"(^|/)(requirements[^/]*\.(txt|in|lock)|[^/]*\.lock|package(-lock)?\.json|pyproject\.toml"
    r"|setup\.(py|cfg)|Pipfile|go\.(mod|sum)|pnpm-lock\.yaml|Cargo\.toml)$"
)


def compose(edges: Iterable[Sequence[PathChange]]) -> tuple[PathChange, ...]:
    """One change from several in a row: the first old side and the last new side of each path.

    Equal to the direct difference of the first and the last ground; what was changed and
    changed back is gone.
    """
    composed: dict[str, PathChange] = {}
    first_modes: dict[str, str] = {}
    gone_between: set[str] = set()
    for change in chain.from_iterable(edges):
        before = composed.get(change.path, change)
        if not change.old_git and before.old_git:
            gone_between.add(change.path)
        elif mode := _mode_before(change):
            first_modes.setdefault(change.path, mode)
        kept = before.mode if change.old_git and change.new_git else ""
        composed[change.path] = PathChange(
            change.path,
            before.old_git,
            change.new_git,
            before.old_content,
            change.new_content,
            change.mode or kept,
        )
    ended = [
        replace(c, mode="") if c.mode == first_modes.get(c.path) else c for c in composed.values()
    ]
    changed = [
        c for c in ended if c.old_git != c.new_git or (only_mode(c) and c.path not in gone_between)
    ]
    return tuple(sorted(changed, key=lambda c: c.path))


def inverse(changes: Iterable[PathChange]) -> tuple[PathChange, ...]:
    """What takes them back."""
    return tuple(
        PathChange(
            c.path,
            c.new_git,
            c.old_git,
            c.new_content,
            c.old_content,
            _mode_before(c) if c.mode and c.old_git and c.new_git else "",
        )
        for c in changes
    )


def only_mode(change: PathChange) -> bool:
    """Its content says nothing of whether such a change was made."""
    return bool(change.mode) and change.old_git == change.new_git


def _mode_before(change: PathChange) -> str:
    """Where the change tells: git knows two modes of a file, and a new one is ordinary."""
    if not change.old_git:
        return "100644"
    return {"100755": "100644", "100644": "100755"}.get(change.mode, "")


def written_by_people(changes: Iterable[PathChange]) -> tuple[PathChange, ...]:
    """Without what runs leave behind."""
    return tuple(c for c in changes if not _DERIVED.search(c.path))


def declares_dependencies(path: str) -> bool:
    """A lock file or a manifest: part of a dependency's change rather than of the code's."""
    return bool(_DEPENDENCIES.search(path))


def is_test(path: str, failure: Failure) -> bool:
    """A file of tests, where a change alters what is expected rather than what is done.

    A test file that cannot even be imported is code like any other.
    """
    if not own_name(failure.test):
        return False
    return holds_what_is_expected(path) or path == file_of(failure.test)


def is_own_test(path: str, failure: Failure) -> bool:
    """A file of tests that this failure comes by: the test's own as far as the tool names it, one
    that its frames or imports name, or one of the package that the test is of."""
    if not is_test(path, failure):
        return False
    frames = {f.path for f in failure.frames if f.in_app}
    if path in {file_of(failure.test), *frames, *failure.imports, *failure.reaches}:
        return True
    directory, _, name = path.rpartition("/")
    of = file_of(failure.test)
    if failure.tool == "go":
        return bool(directory) and f"/{of}".endswith(f"/{directory}")
    return f"{of.replace('.', '/')}." in path and name.endswith((".java", ".kt"))


def with_its_tests(changes: Iterable[PathChange], failure: Failure) -> tuple[str, ...]:
    """Changed files that hold code and the failing test together: Rust's inline tests and those
    in its documentation. Which of the two was changed is not known without their contents."""
    if failure.tool != "cargo":
        return ()
    target = file_of(failure.test).rpartition(" ")[2]
    names = set(own_name(failure.test).split("::"))
    return tuple(c.path for c in changes if _may_hold(c.path, target, names))


def _may_hold(path: str, target: str, names: Collection[str]) -> bool:
    """By the modules in a test's name, each of which may be a file or a directory of its own, or
    stand in the file that the target begins with."""
    if not path.endswith(".rs") or holds_what_is_expected(path):
        return False
    directory, _, name = f"/{path}".rpartition("/")
    module = directory.rpartition("/")[2] if name == "mod.rs" else name.removesuffix(".rs")
    named = any(n.endswith(".rs") and f"/{path}".endswith(f"/{n}") for n in names)
    return named or module in names or f"/{path}".endswith(f"/{target}")


def file_of(test: str) -> str:
    """The file of a node id; empty when it has none."""
    return test.partition("::")[0]


def spoken_of(failure: Failure, command: str, cwd: str, root: str) -> frozenset[str]:
    """Files that the failure's own frames, its test or its command name."""
    frames = {f.path for f in failure.frames if f.in_app}
    return frozenset({*frames, file_of(failure.test), *named_files(command, cwd, root)} - {""})


Evidence = Literal["named", "imported", "reached"]
"""What ties a change to a failure, strongest first."""


@dataclass(frozen=True, slots=True)
class Parted:
    """What changed, told apart by what a failure has to do with it."""

    related: tuple[PathChange, ...]
    also: tuple[PathChange, ...]
    evidence: Evidence = "named"


def named_part(failure: Failure, changes: Sequence[PathChange], spoken: Collection[str]) -> Parted:
    """Changes to files that the failure names, tests apart, and the others."""
    return _parted(failure, changes, spoken, "named")


def closest_part(
    failure: Failure, changes: Sequence[PathChange], spoken: Collection[str]
) -> Parted:
    """By the strongest evidence that there is.

    Imports say less than a trace does, so they count only when nothing that the failure names
    changed, its own test included; and what is imported through others only after the rest.
    """
    named = named_part(failure, changes, spoken)
    if any(c.path in spoken for c in changes):
        return named
    imported = _parted(failure, changes, failure.imports, "imported")
    if imported.related:
        return imported
    reached = _parted(failure, changes, failure.reaches, "reached")
    return reached if reached.related else named


def _parted(
    failure: Failure, changes: Sequence[PathChange], paths: Collection[str], evidence: Evidence
) -> Parted:
    related = tuple(c for c in changes if c.path in paths and not is_test(c.path, failure))
    return Parted(related, tuple(c for c in changes if c not in related), evidence)


def named_files(command: str, cwd: str, root: str) -> set[str]:
    """Words of a command line read as paths of the working copy, whether they exist or not."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    paths: set[str] = set()
    for word in words:
        path = word.partition("::")[0]
        if not path.startswith("-"):
            paths.add(_relative(path, cwd, root))
    return paths - {"", "."}


def _relative(path: str, cwd: str, root: str) -> str:
    if not root:
        return os.path.normpath(path) if path else ""
    whole = os.path.normpath(os.path.join(cwd, path))
    return whole[len(root) + 1 :] if whole.startswith(root + "/") else ""
