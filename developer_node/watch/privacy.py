"""What the watchers leave alone because the person or the repository said so.

The same gates as for commands (text/gates.py), asked anew each time: a pause, "never here", and
the .postdevai.toml at the top of the working copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from developer_node.text.gates import gate
from developer_node.text.repository_settings import NAME
from developer_node.text.withheld import Withheld, nothing_withheld, withheld

__all__ = ["SETTINGS_NAME", "Privacy", "Withheld", "nothing_withheld"]

SETTINGS_NAME = NAME


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
        return withheld(self.home, self.root)
