"""Where git keeps what it tells: the directories to watch, and the names in them that matter."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from developer_node.text.git import git, text_of

REF_DIRECTORIES_MAX = 500
"""Directories of references that are watched; what changes in others is seen at the next poll."""

_TELLING = frozenset(
    {
        *("HEAD", "packed-refs", "config", "logs", "refs", "heads", "tags", "remotes", "stash"),
        *("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "FETCH_HEAD"),
        *("rebase-merge", "rebase-apply", "tables.list"),
    }
)


@dataclass(frozen=True, slots=True)
class GitPlaces:
    """Git's directories of a working copy; a worktree has one of its own and shares another."""

    directory: Path
    common: Path

    @classmethod
    def of(cls, root: Path) -> GitPlaces:
        """Missing when git knows no repository there."""
        asked = ["rev-parse", "--absolute-git-dir", "--git-common-dir"]
        own, shared = text_of(git(root, asked)).split("\n")[:2]
        return cls((root / own).resolve(), (root / shared).resolve())


def watched(places: GitPlaces) -> Iterator[str]:
    """Every directory in which git may tell something."""
    for path in {places.directory, places.directory / "logs", places.common}:
        yield os.fspath(path)
    for tables in {places.directory / "reftable", places.common / "reftable"}:
        if tables.is_dir():
            yield os.fspath(tables)
    for number, (directory, _, _) in enumerate(os.walk(places.common / "refs")):
        if number >= REF_DIRECTORIES_MAX:
            return
        yield directory


def is_telling(path: str) -> bool:
    """Git writes its index and locks all the time; those say nothing about references."""
    if path.endswith(".lock"):
        return False
    return os.path.basename(path) in _TELLING or f"{os.sep}refs{os.sep}" in path
