"""Worktrees and branches of our own beside a person's files, made and taken away again."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from common.errors import Conflict, Missing, PostDevAIError
from developer_node.autonomy.patches import apply
from developer_node.text.git import git, text_of

BRANCHES = "postdevai/"
_AUTHOR = ("-c", "user.name=PostDevAI", "-c", "user.email=postdevai@localhost")
_QUIET = ("-c", "commit.gpgsign=false", "-c", "advice.detachedHead=false")


def make(root: Path, commit: str, place: Path, diff: str) -> None:
    """A worktree at a commit with a change in it, not committed. Nothing is left if that fails."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    git(root, [*_QUIET, "worktree", "add", "--detach", str(place), commit])
    try:
        apply(diff, place)
    except PostDevAIError:
        remove(root, place)
        raise


def commit_on_branch(root: Path, place: Path, branch: str, message: str) -> str:
    """The change of a worktree as a commit on a new branch; the commit's id."""
    git(place, ["add", "--all"])
    git(place, [*_AUTHOR, *_QUIET, "commit", "--quiet", "--no-verify", "-F", "-"],
        stdin=message.encode())  # fmt: skip
    commit = text_of(git(place, ["rev-parse", "HEAD"])).strip()
    git(root, ["branch", "--no-track", branch, commit])
    return commit


def state(place: Path) -> tuple[str, str]:
    """The commit that a worktree is at, and its files as git would keep them; its index stays."""
    head = text_of(git(place, ["rev-parse", "HEAD"])).strip()
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": os.path.join(scratch, "index")}
        git(place, ["read-tree", head], more=index)
        git(place, ["add", "--all"], more=index)
        return head, text_of(git(place, ["write-tree"], more=index)).strip()


def check_untouched(place: Path, left: tuple[str, str]) -> None:
    """Conflict when somebody worked in it since it was left so; one that is gone is well."""
    if place.is_dir() and state(place) != left:
        hint = f"Keep what you need; to remove it all the same: git worktree remove --force {place}"
        raise Conflict(f"{place} holds more than was left there: somebody worked in it", hint=hint)


def remove(root: Path, place: Path) -> None:
    """The worktree and what git knows of it; one that is gone already is well."""
    try:
        git(root, ["worktree", "remove", "--force", str(place)])
    except Missing:
        shutil.rmtree(place, ignore_errors=True)
        git(root, ["worktree", "prune"])


def remove_branch(root: Path, branch: str, commit: str) -> None:
    """Conflict when somebody went on from there: then it is theirs."""
    name = f"refs/heads/{branch}"
    try:
        now = text_of(git(root, ["rev-parse", "--verify", "--quiet", name])).strip()
    except Missing:
        return
    if now != commit:
        hint = f"To remove it all the same: git branch -D {branch}"
        raise Conflict(f"{branch} is at {now[:10]} now: somebody went on from there", hint=hint)
    git(root, ["branch", "--quiet", "-D", branch])
