"""What of a working copy is seen read-only in the sandbox, because no tree of git has it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from common.errors import PostDevAIError
from developer_node.proof.trees import GITLINK, Entry
from developer_node.text.git import git, text_of

SHOWN_MAX = 200
_MADE_AGAIN = re.compile(
    r"(?:^|/)(?:__pycache__|\.(?:pytest|mypy|ruff)_cache|\.hypothesis|\.tox|\.nox|target"
    r"|\.next|\.postdevai)/?$|\.py[co]$|(?:^|/)(?:\.coverage.*|\.DS_Store)$|~$"
)
"""Caches: of another tree, and in the way of what wants to write them."""
_UNTRACKED_LIBRARIES = (".venv", "venv", "env", "node_modules")


def shown(root: Path, tree: Mapping[str, Entry]) -> tuple[Path, ...]:
    """`.git`, ignored paths such as .venv and node_modules, submodules that are as recorded.

    A worktree's `.git` is a file that names a directory elsewhere: that one is shown too.
    """
    found = [root / ".git"]
    said = text_of(git(root, ["rev-parse", "--absolute-git-dir", "--git-common-dir"])).splitlines()
    elsewhere = (Path(os.path.realpath(root / line)) for line in said)
    found += [place for place in elsewhere if not place.is_relative_to(root)]
    arguments = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"]
    names = text_of(git(root, arguments)).split("\0")[:-1]
    names += [name for name in _UNTRACKED_LIBRARIES if (root / name).is_dir()]
    for name in dict.fromkeys(n.rstrip("/") for n in names):
        if not _MADE_AGAIN.search(name) and not _in(tree, name) and not (root / name).is_symlink():
            found.append(root / name)
    found += [root / p for p, e in tree.items() if e.mode == GITLINK and _as_it_was(root / p, e)]
    return tuple(path for path in found[:SHOWN_MAX] if path.exists())


def _in(tree: Mapping[str, Entry], name: str) -> bool:
    return name in tree or any(path.startswith(f"{name}/") for path in tree)


def _as_it_was(place: Path, entry: Entry) -> bool:
    try:
        head = text_of(git(place, ["rev-parse", "HEAD"])).strip()
        return head == entry.oid and not git(place, ["status", "--porcelain"])
    except PostDevAIError:
        return False
