"""What HEAD holds: enough to tell whether a file on disk differs from its commit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import Missing
from developer_node.text.git import git, text_of
from developer_node.watch.content import shown


@dataclass(frozen=True, slots=True)
class Head:
    """A commit and its files. An empty one stands for no commits and for no git."""

    commit: str = ""
    blobs: dict[str, str] = field(default_factory=dict[str, str])
    """Git id by path as shown."""
    filtered: bool = False
    """Git changes contents on their way (line ends, attributes): ids on disk are not ids in git."""
    algorithm: str = "sha1"


def head_commit(root: Path) -> str:
    """HEAD's commit; empty without commits or git."""
    try:
        return text_of(git(root, ["rev-parse", "--verify", "--quiet", "HEAD"])).strip()
    except Missing:
        return ""


def branch_and_head(root: Path) -> tuple[str, str]:
    """The branch, empty when HEAD is detached, and HEAD's commit."""
    return _said(root, "symbolic-ref", "--quiet", "--short", "HEAD"), head_commit(root)


def read_head(root: Path) -> Head:
    """HEAD as it is now."""
    commit = head_commit(root)
    blobs: dict[str, str] = {}
    if commit:
        listed = git(root, ["ls-tree", "-r", "-z", "--full-tree", commit])
        for line in text_of(listed).split("\0"):
            entry, tab, path = line.partition("\t")
            if tab and entry.split()[1] == "blob":
                blobs[shown(path)] = entry.split()[2]
    return Head(commit, blobs, _is_filtered(root, blobs), _algorithm(root))


def is_dirty(root: Path, head: Head, path: str, git_blob: str) -> bool:
    """Whether the file's content differs from HEAD's, or HEAD has none."""
    held = head.blobs.get(shown(path))
    if held is None or held == git_blob:
        return held is None
    return not head.filtered or _as_committed(root, path) != held


def _as_committed(root: Path, path: str) -> str:
    """The id that git would give the file, line ends and attributes applied."""
    try:
        return text_of(git(root, ["hash-object", "--", path])).strip()
    except Missing:
        return ""


def _is_filtered(root: Path, paths: Iterable[str]) -> bool:
    if any(os.path.basename(path) == ".gitattributes" for path in paths):
        return True
    return _said(root, "config", "core.autocrlf") in ("true", "input")


def _algorithm(root: Path) -> str:
    said = _said(root, "rev-parse", "--show-object-format")
    return said if said == "sha256" else "sha1"


def _said(root: Path, *arguments: str) -> str:
    try:
        return text_of(git(root, arguments)).strip()
    except Missing:
        return ""
