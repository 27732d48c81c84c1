"""What the watchers leave alone because the person or the repository said so.

The same gates as for commands (text/gates.py), asked anew each time: a pause, "never here", and
the .postdevai.toml at the top of the working copy.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from developer_node.text.gates import gate, never_recorded
from developer_node.text.repository_settings import NAME, settings_of
from developer_node.watch.folding import is_covered

Withheld = Callable[[str], bool]
"""Whether nothing is recorded of a path, which is relative to the root."""

SETTINGS_NAME = NAME


def nothing_withheld(path: str) -> bool:
    """Everything is recorded."""
    return False


@dataclass(frozen=True, slots=True)
class Privacy:
    """Of one working copy."""

    home: Path
    root: Path

    def closed(self) -> str:
        """Why nothing at all is recorded here now, in a sentence; empty when it is."""
        found = gate(self.home, self.root, "")
        return "" if found.record else found.why

    def withheld(self) -> Withheld:
        """What is left out of it. A list that cannot be read has closed the gate already."""
        try:
            places = never_recorded(self.home)
        except (OSError, ValueError):
            return lambda path: True
        root = os.fspath(self.root)
        below = [os.path.relpath(p, root) for p in places if p.startswith(root + os.sep)]
        settings = settings_of(self.root)
        if not below and not settings.ignore:
            return nothing_withheld
        never = frozenset(below)
        return lambda path: is_covered(path, never) or settings.ignores(self.root / path)
