"""Which project a working copy belongs to, decided from what the laptop says of it.

The same project if and only if: the same normalised remotes, or the same root commits and no
differing remotes. A clone of a fork that also knows its upstream shares a remote with it and is
not the same, so all remotes have to agree. Everything else (shallow clones without a remote,
forks, templates, rewritten roots, no commits, several projects that would fit) gets a provisional
project of its own, by path; a person may join it (aliases.py). A working copy that was placed stays
where it is when its remotes are renamed, added or moved to another host: only when another
repository lies at its path does it leave, and that is journalled.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from common.model.event import WorkingCopySeen
from common.model.ids import ProjectId, WorkingCopyId, short_hash
from common.placing import canonical


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """A working copy as it was last seen, and where it was put."""

    working_copy: WorkingCopyId
    path: str
    remotes: frozenset[str]
    roots: frozenset[str]
    project: ProjectId
    name: str
    machine: str = ""
    """Host name, for people."""


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
    home = _joined(seen, others) or _founded(working_copy, seen, others, left)
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
    """Another repository lies at the path: other root commits, and no remote in common."""
    other_roots = bool(copy.roots and seen.roots) and copy.roots.isdisjoint(seen.roots)
    return other_roots and _remotes(copy.remotes).isdisjoint(_remotes(seen.remotes))


def _joined(seen: WorkingCopySeen, others: list[KnownCopy]) -> Placed | None:
    """The one project that the evidence fits; None when there is none, or several."""
    remotes, roots = _remotes(seen.remotes), _roots(seen)
    if remotes and (fitting := _projects(c for c in others if _remotes(c.remotes) == remotes)):
        return _only(fitting)
    if not roots:
        return None
    fitting = _projects(c for c in others if c.roots == roots)
    differing = {c.project for c in others if _differs(remotes, _remotes(c.remotes))}
    return None if fitting.keys() & differing else _only(fitting)


def _projects(copies: Iterable[KnownCopy]) -> dict[ProjectId, str]:
    return {copy.project: copy.name for copy in copies}


def _only(fitting: dict[ProjectId, str]) -> Placed | None:
    return Placed(*next(iter(fitting.items()))) if len(fitting) == 1 else None


def _differs(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and one != other


def _founded(
    working_copy: WorkingCopyId,
    seen: WorkingCopySeen,
    others: list[KnownCopy],
    left: ProjectId | None,
) -> Placed:
    """A new project, named by its evidence, or by path where that founded one that moved on."""
    remotes, roots = sorted(_remotes(seen.remotes)), sorted(_roots(seen))
    evidence: list[tuple[str, ...]] = []
    if remotes:
        evidence.append(("remote", *remotes))
    elif roots and not any(c.roots == frozenset(roots) for c in others):
        evidence.append(("roots", *roots))
    evidence += [("path", working_copy), ("path", working_copy, *remotes, *roots)]
    ids = [ProjectId(short_hash("project", *each)) for each in evidence]
    taken = {c.project for c in others} | {left}
    return Placed(next((each for each in ids if each not in taken), ids[-1]), name_of(seen))


def _remotes(remotes: Iterable[str]) -> frozenset[str]:
    return frozenset(map(canonical, remotes))


def _roots(seen: WorkingCopySeen) -> frozenset[str]:
    return frozenset() if seen.shallow else frozenset(seen.roots)
