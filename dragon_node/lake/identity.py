"""Which project a working copy belongs to, decided from what the laptop says of it.

The same project if and only if: the same normalised remotes, or the same root commits and no
differing remotes. A clone of a fork that also knows its upstream shares a remote with it and is
not the same, so all remotes have to agree. Everything else (shallow clones without a remote,
forks, templates, no commits, several projects that would fit) gets a provisional project of its
own, by path.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from common.model.event import WorkingCopySeen
from common.model.ids import ProjectId, WorkingCopyId, short_hash


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """A working copy as it was last seen, and where it was put."""

    working_copy: WorkingCopyId
    path: str
    remotes: frozenset[str]
    roots: frozenset[str]
    project: ProjectId
    name: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A decision."""

    project: ProjectId
    name: str
    left: ProjectId | None = None
    """The project that the working copy was in until now, when something else lies at its path."""


def place(working_copy: WorkingCopyId, seen: WorkingCopySeen, known: Iterable[KnownCopy]) -> Placed:
    """Where a working copy belongs. It stays where it is unless all evidence has changed."""
    others: list[KnownCopy] = []
    left: ProjectId | None = None
    for copy in known:
        if copy.working_copy != working_copy:
            others.append(copy)
        elif _replaced(copy, seen):
            left = copy.project
        else:
            return Placed(copy.project, copy.name)
    home = _joined(seen, others) or _founded(working_copy, seen, others)
    return Placed(home.project, home.name, left if left != home.project else None)


def unseen(working_copy: WorkingCopyId) -> Placed:
    """For an event whose working copy was never described: a project of its own."""
    return Placed(
        ProjectId(short_hash("project", "path", working_copy)), f"copy-{working_copy[:6]}"
    )


def name_of(seen: WorkingCopySeen) -> str:
    """A name for people: the last part that all remotes share, else the directory's name."""
    last_parts = {PurePosixPath(remote).name for remote in seen.remotes}
    if len(last_parts) == 1:
        return last_parts.pop()
    return PurePosixPath(seen.path).name or seen.path


def _replaced(copy: KnownCopy, seen: WorkingCopySeen) -> bool:
    """Another repository lies at the path: both kinds of evidence are there and neither agrees."""
    other_roots = bool(copy.roots and seen.roots) and copy.roots.isdisjoint(seen.roots)
    return other_roots and copy.remotes.isdisjoint(seen.remotes)


def _joined(seen: WorkingCopySeen, others: list[KnownCopy]) -> Placed | None:
    if seen.remotes:
        for copy in others:
            if copy.remotes == frozenset(seen.remotes):
                return Placed(copy.project, copy.name)
    roots = _roots(seen)
    if not roots:
        return None
    fitting = {c.project: c.name for c in others if c.roots == roots}
    agreeing = [
        Placed(project, name)
        for project, name in fitting.items()
        if not any(_differs(seen, c) for c in others if c.project == project)
    ]
    return agreeing[0] if len(agreeing) == 1 and len(fitting) == 1 else None


def _differs(seen: WorkingCopySeen, copy: KnownCopy) -> bool:
    return bool(seen.remotes and copy.remotes) and copy.remotes != frozenset(seen.remotes)


def _founded(working_copy: WorkingCopyId, seen: WorkingCopySeen, others: list[KnownCopy]) -> Placed:
    roots = _roots(seen)
    if seen.remotes:
        evidence = ("remote", *sorted(seen.remotes))
    elif roots and not any(c.roots == roots for c in others):
        evidence = ("roots", *sorted(roots))
    else:
        evidence = ("path", working_copy)
    project = ProjectId(short_hash("project", *evidence))
    if any(c.project == project for c in others):
        # Its evidence once founded a project that has moved on: they must not meet by accident.
        project = ProjectId(short_hash("project", "path", working_copy))
    return Placed(project, name_of(seen))


def _roots(seen: WorkingCopySeen) -> frozenset[str]:
    return frozenset() if seen.shallow else frozenset(seen.roots)
