"""Globs as in a .gitignore, matched in a time that nobody who writes one can blow up."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

CHARACTERS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Glob:
    """Names below a directory; `**` stands for any number of directories."""

    base: str
    parts: tuple[str, ...]

    def covers(self, path: str) -> bool:
        """Whether this path, or a directory above it, is meant. Its time is that of the lengths
        multiplied, whatever the glob: a repository that was just cloned wrote it."""
        inside = path.removeprefix(self.base.rstrip("/") + "/")
        if inside == path:
            return False
        reached = self._beyond({0})
        for name in inside.split("/"):
            if len(self.parts) in reached:
                return True
            reached = self._beyond({to for at in reached for to in self._step(at, name)})
        return len(self.parts) in reached

    def _step(self, at: int, name: str) -> tuple[int, ...]:
        if self.parts[at] == "**":
            return (at,)
        return (at + 1,) if fnmatch.fnmatchcase(name, self.parts[at]) else ()

    def _beyond(self, reached: set[int]) -> set[int]:
        for at, part in enumerate(self.parts):
            if part == "**" and at in reached:
                reached.add(at + 1)
        return reached


def glob_of(base: str, said: object) -> Glob:
    """What was written for a directory; ValueError when it is no glob."""
    if not isinstance(said, str) or not said.strip("/ ") or len(said) > CHARACTERS_MAX:
        raise ValueError(f"record.ignore: {said!r:.60} is no glob")
    if said.startswith("!"):
        raise ValueError(f"record.ignore: {said!r} asks for more, and only less can be asked for")
    parts = tuple(part for part in said.split("/") if part)
    return Glob(base, parts if "/" in said.rstrip("/") else ("**", *parts))
