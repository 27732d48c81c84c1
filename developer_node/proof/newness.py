"""Whether a test fails because what it asks for is not there yet: a new thing is no fix."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

from common.model.event import PathChange
from common.model.failure import Failure
from developer_node.text.git import git

_MISSING = re.compile(
    r"cannot import name '(?P<imported>\w+)'|No module named '(?P<module>[\w.]+)'"
    r"|has no attribute '(?P<attribute>\w+)'|name '(?P<name>\w+)' is not defined"
    r"|unexpected keyword argument '(?P<argument>\w+)'"
)
_NAME = re.compile(r"[A-Za-z_]\w*")


def new_names(root: Path, sources: Iterable[PathChange]) -> frozenset[str]:
    """Names of Python's that the changed sources hold after the change and not before it."""
    before: set[str] = set()
    after: set[str] = set()
    for change in sources:
        if change.path.endswith(".py"):
            before |= _names(root, change.old_git)
            after |= _names(root, change.new_git)
            after |= set() if change.old_git else _module(change.path)
    return frozenset(after - before)


def wanted(failure: Failure, new: Collection[str]) -> str:
    """The new name that it failed for; empty when it failed for anything else."""
    headline = next(iter(failure.headlines), failure.message)
    said = _MISSING.search(headline)
    names = [n for n in said.groupdict().values() if n] if said else []
    parts = [part for name in names for part in name.split(".")]
    return next((part for part in parts if part in new), "")


def brings(failure: Failure, new: Collection[str]) -> str:
    """Why such a red says nothing of a fix."""
    name = wanted(failure, new)
    if "::" in failure.test:
        return f"its test asks for {name}, which is not there before it: it brings something new"
    return f"its test cannot even be loaded before it: it brings something new ({name})"


def _names(root: Path, blob: str) -> set[str]:
    if not blob:
        return set()
    return set(_NAME.findall(git(root, ["cat-file", "blob", blob]).decode("utf-8", "replace")))


def _module(path: str) -> set[str]:
    pure = PurePosixPath(path)
    return {pure.parent.name if pure.name == "__init__.py" else pure.stem}
