"""Under which name the laptops of one owner share what belongs to a repository: its remote.

A clone without a remote shares nothing by itself: a path is another one on each machine.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

from common.errors import Missing, Unavailable
from developer_node.text.git import git, text_of
from developer_node.text.working_copy import find_root, normalise_remote

KEPT_S = 60.0
"""For so long an answer is taken for true."""
_REMOTE = re.compile(r"^(?P<name>\S+)\t(?P<url>.+?) \(fetch\)$", re.MULTILINE)


def scope_of(directory: Path) -> str:
    """host/owner/name of `origin`, or of the only remote; empty where nothing tells."""
    root = find_root(directory)
    if root is None:
        return ""
    try:
        said = text_of(git(root, ("remote", "-v")))
    except (Missing, Unavailable):
        return ""
    found = {each["name"]: _normal(each["url"]) for each in _REMOTE.finditer(said)}
    if "origin" in found:
        return found["origin"]
    return next(iter(found.values())) if len(found) == 1 else ""


class Scopes:
    """Remembers, for whoever asks often."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, str]] = {}

    def of(self, path: str) -> str:
        """As `scope_of`, at most a minute old."""
        known = self._known.get(path)
        if known is None or time.monotonic() - known[0] > KEPT_S:
            known = self._known[path] = (time.monotonic(), scope_of(Path(path)))
        return known[1]


def _normal(url: str) -> str:
    try:
        return normalise_remote(url)
    except ValueError:  # not a URL at all
        return ""
