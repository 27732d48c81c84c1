"""Whether a remedy was there already when it failed: only where it is known, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import apsw

from common.model.event import PathChange
from dragon_node.failures.changes import only_mode
from dragon_node.failures.commits import ancestors
from dragon_node.failures.runs import Run, back_from

Place = Literal["on disk", "in HEAD"]
Contents = Mapping[str, str]
"""Git's id of a file by its path; empty for one that was not there."""


def files_at(
    db: apsw.Connection, run: Run, paths: Iterable[str], known_trees: Mapping[str, Contents]
) -> dict[str, str]:
    """What these files held when a run began, as far as grounds tell.

    `known_trees` says what some trees hold. The runs before give the rest: the last change of a
    path left it as it was.
    """
    wanted, found = set(paths), dict[str, str]()
    for tree, changes in back_from(db, run):
        held = {**known_trees.get(tree, {}), **{c.path: c.new_git for c in changes}}
        found |= {path: git for path, git in held.items() if path in wanted}
        wanted -= held.keys()
        if not wanted:
            break
    return found


def place(
    db: apsw.Connection, run: Run, related: Sequence[PathChange], files: Contents, *, same: bool
) -> Place | None:
    """Where a remedy of the run's project is in place; None when it is not or is not known.

    HEAD says nothing about edits that are not committed. Where the very same failure is back they
    may have undone the remedy, so then only what is on disk counts.
    """
    unknown = [c for c in related if c.path not in files]
    if any(only_mode(c) for c in related):
        return None
    if not related or any(files[c.path] != c.new_git for c in related if c.path in files):
        return None
    if not unknown:
        return "on disk"
    if same or not run.head:
        return None
    held = ancestors(db, run.project, run.head)
    return "in HEAD" if all(_leaves_so(db, run.project, held, c) for c in unknown) else None


def _leaves_so(db: apsw.Connection, project: str, held: set[str], change: PathChange) -> bool:
    """Whether the last of these commits that touches the path leaves it as the change does."""
    rows = db.execute(
        "SELECT sha, new_git FROM commit_paths WHERE project=? AND path=?", (project, change.path)
    )
    touching = {str(sha): str(new) for sha, new in rows if sha in held}
    others = {sha for sha, new in touching.items() if new != change.new_git}
    return any(others <= ancestors(db, project, sha) for sha in touching.keys() - others)
