"""Which files of the working copy a test's file imports, read from the source; nothing is run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from developer_node.text.import_statements import Wanted, wanted

IMPORTS_MAX = 40
REACHES_MAX = 400
PATHS_BYTES_MAX = 256 << 10
"""A command, over all its failures: a record must stay small enough to send."""

_FILE_BYTES_MAX = 512 << 10
_BYTES_MAX = 16 << 20
_TIME_S = 3.0
"""A command: what was not read by then was not read."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Relative to the working copy, in the order of discovery; cut ones are the far ones."""

    imports: tuple[str, ...] = ()
    """What the test's file imports itself, and the conftest.py files beside and above it."""
    reaches: tuple[str, ...] = ()
    """What those import in turn."""


class Imports:
    """The imports of a working copy, for the failures of one command. Each file is read once.

    A name is looked for where pytest and Python would look, nearest first: the directories from
    the test's own up to the working copy's root, their `src`, and the working directory. What is
    found nowhere is not of this working copy, or is not known; it is never guessed.
    """

    def __init__(self, root: str, cwd: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = os.path.realpath(root) if root else ""
        self._cwd = cwd
        self._clock = clock
        self._until = clock() + _TIME_S
        self._bytes_left = _BYTES_MAX
        self._paths_left = PATHS_BYTES_MAX
        self._read: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = {}
        self._found: dict[str, str] = {}

    def of(self, test: str) -> Imported:
        """By a test's node id or its file; empty where that is not a file of the working copy."""
        path, _, name = test.partition("::")
        start = self._file(os.path.join(self._root, path)) if self._root and path else ""
        if not start.endswith(".py"):
            return Imported()
        bases = self._bases(start)
        function = name.rpartition("::")[2].partition("[")[0]
        direct = [*self._imported(start, bases, function), *self._conftests(start)]
        near = [p for p in dict.fromkeys(direct) if p != start]
        far = self._closure(start, near, bases)
        return self._within(near[:IMPORTS_MAX], [*near[IMPORTS_MAX:], *far][:REACHES_MAX])

    def _closure(self, start: str, near: list[str], bases: tuple[str, ...]) -> list[str]:
        """Breadth first, so that a limit cuts what is farthest away."""
        seen = dict.fromkeys([start, *near])
        queue = list(near)
        for path in queue:
            if len(seen) > IMPORTS_MAX + REACHES_MAX or self._clock() > self._until:
                break
            new = [p for p in self._imported(path, bases) if p not in seen]
            seen.update(dict.fromkeys(new))
            queue += dict.fromkeys(new)
        return queue[len(near) :]

    def _within(self, near: list[str], far: list[str]) -> Imported:
        room = self._paths_left

        def fits(path: str) -> bool:
            nonlocal room
            room -= len(path) + 2
            return room >= 0

        kept = Imported(tuple(p for p in near if fits(p)), tuple(p for p in far if fits(p)))
        self._paths_left = max(0, room)
        return kept

    def _imported(self, path: str, bases: tuple[str, ...], function: str = "") -> tuple[str, ...]:
        key = (path, function, bases)
        if key not in self._read:
            found: list[str] = []
            for want in wanted(self._source(path), function):
                found += self._relative(path, want) if want.level else self._absolute(want, bases)
            self._read[key] = tuple(dict.fromkeys([*found, *self._packages(path)]))
        return self._read[key]

    def _source(self, path: str) -> bytes:
        if self._bytes_left <= 0 or self._clock() > self._until:
            return b""
        try:
            with open(os.path.join(self._root, path), "rb") as file:
                data = file.read(_FILE_BYTES_MAX + 1)
        except OSError:
            return b""
        self._bytes_left -= len(data)
        return data if len(data) <= _FILE_BYTES_MAX else b""

    # -- where a name leads -------------------------------------------------------------------

    def _absolute(self, want: Wanted, bases: tuple[str, ...]) -> Iterator[str]:
        for base in bases:
            found = list(self._module(base, want))
            if found:
                yield from found
                return

    def _relative(self, path: str, want: Wanted) -> Iterator[str]:
        base = os.path.dirname(os.path.join(self._root, path))
        for _ in range(want.level - 1):
            base = os.path.dirname(base)
        yield from self._module(base, want)

    def _module(self, base: str, want: Wanted) -> Iterator[str]:
        """The files that the import of a dotted name runs, packages first."""
        parts = [part for part in want.module.split(".") if part]
        whole = os.path.join(base, *parts)
        itself = self._module_file(whole, package_only=not parts)
        names = [f for n in want.names if (f := self._module_file(os.path.join(whole, n)))]
        if not itself and not names:
            return
        for depth in range(1, len(parts)):
            package = self._file(os.path.join(base, *parts[:depth], "__init__.py"))
            if package:
                yield package
        yield from (f for f in (itself, *names) if f)

    def _module_file(self, whole: str, *, package_only: bool = False) -> str:
        return self._file(os.path.join(whole, "__init__.py")) or (
            "" if package_only else self._file(f"{whole}.py")
        )

    def _packages(self, path: str) -> Iterator[str]:
        """The packages around a file, which run before it does."""
        directory = os.path.dirname(os.path.join(self._root, path))
        while len(directory) > len(self._root):
            package = self._file(os.path.join(directory, "__init__.py"))
            if not package:
                return
            yield package
            directory = os.path.dirname(directory)

    def _conftests(self, path: str) -> Iterator[str]:
        for directory in self._upwards(path):
            conftest = self._file(os.path.join(directory, "conftest.py"))
            if conftest:
                yield conftest

    def _bases(self, path: str) -> tuple[str, ...]:
        directories = list(self._upwards(path))
        outside = [d for d in directories if not self._file(os.path.join(d, "__init__.py"))]
        ordered = [b for d in (*outside, self._root) for b in (d, os.path.join(d, "src"))]
        return tuple(dict.fromkeys([*ordered, os.path.realpath(self._cwd or self._root)]))

    def _upwards(self, path: str) -> Iterator[str]:
        directory = os.path.dirname(os.path.join(self._root, path))
        while len(directory) > len(self._root):
            yield directory
            directory = os.path.dirname(directory)
        yield self._root

    def _file(self, whole: str) -> str:
        """A regular file's name in the working copy, links followed; empty for anything else."""
        if whole not in self._found:
            self._found[whole] = self._looked_up(whole)
        return self._found[whole]

    def _looked_up(self, whole: str) -> str:
        try:
            real = os.path.realpath(whole)
            inside = real.startswith(self._root.rstrip("/") + "/") and os.path.isfile(real)
        except (OSError, ValueError):
            return ""
        return os.path.relpath(real, self._root) if inside else ""
