"""Which files of a working copy nothing may be kept of, though commands are recorded in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from developer_node.text.gates import never_recorded
from developer_node.text.repository_settings import settings_of

Withheld = Callable[[str], bool]
"""Whether nothing is recorded of a path, which is relative to the root."""


def nothing_withheld(path: str) -> bool:
    """Everything is recorded."""
    return False


def withheld(home: Path, root: Path) -> Withheld:
    """What .postdevai.toml ignores, and what lies below a "never here". All of it where a list
    cannot be read: that one has closed the gate already."""
    try:
        places = never_recorded(home)
    except (OSError, ValueError):
        return lambda path: True
    top = os.fspath(root)
    never = frozenset(os.path.relpath(p, top) for p in places if p.startswith(top + os.sep))
    below = tuple(place + os.sep for place in never)
    settings = settings_of(root)
    if not never and not settings.ignore:
        return nothing_withheld
    return lambda path: path in never or path.startswith(below) or settings.ignores(root / path)
