"""A remedy's change as git applies it, and whether it applies to files as they are."""

from __future__ import annotations

import os
from pathlib import Path

from common.errors import Missing
from common.model.remedy import DraftedPatch
from developer_node.text.git import git

LEFT_OUT = ("[content not kept]", "[too long to compare]", "[cut: ")
"""What stands in a diff in the place of what was not kept."""
REDACTED = "<redacted:"


def drafted(diff: str, root: Path, remedy_id: str) -> DraftedPatch:
    """The patch with what is to be typed, or why it does not apply."""
    reason = why_not(diff, root)
    if reason:
        return DraftedPatch(diff, False, f"It does not apply here: {reason}.")
    command = f"postdevai patch {remedy_id} | git apply"
    return DraftedPatch(diff, True, "It applies to the files as they are.", command)


def why_not(diff: str, root: Path) -> str:
    """Why git would not apply it at `root`; empty when it would. Nothing is changed."""
    if not diff.strip():
        return "its change was not kept"
    if any(mark in diff for mark in LEFT_OUT):
        return "not all of its change was kept"
    if REDACTED in diff:
        return "a secret was taken out of what was kept"
    try:
        git(root, ["apply", "--check", "-"], stdin=diff.encode("utf-8", "surrogateescape"))
    except Missing as error:
        return "it is already in place" if _is_in_place(diff, root) else _plain(error.message)
    return ""


def apply(diff: str, root: Path) -> None:
    """Changes the files below `root`; Missing with git's words when it does not apply."""
    alone = {"GIT_CEILING_DIRECTORIES": os.fspath(root.parent)}  # not the repository around it
    data = diff.encode("utf-8", "surrogateescape")
    git(root, ["apply", "-"], stdin=data, more=alone)


def _is_in_place(diff: str, root: Path) -> bool:
    data = diff.encode("utf-8", "surrogateescape")
    try:
        git(root, ["apply", "--check", "--reverse", "-"], stdin=data)
    except Missing:
        return False
    return True


def _plain(said: str) -> str:
    """Git's first sentence, without its own prefixes."""
    return said.removeprefix("git apply: ").removeprefix("error: ").strip().rstrip(".")
