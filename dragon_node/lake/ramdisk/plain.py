"""A directory on whatever disk that is: works everywhere and is NOT RAM."""

from __future__ import annotations

from pathlib import Path

from dragon_node.lake.ramdisk.disk import BackEnd
from dragon_node.lake.ramdisk.place import Place


class PlainDirectory(Place):
    """NOT RAM, and every status says so. Without ballast: when that disk is full, the journal
    has no room either."""

    back_end: BackEnd = "directory"
    ram = False

    def __init__(self, home: Path, reason: str = "asked for") -> None:
        super().__init__(home, home / "not-ram", reason)

    def allocate(self, budget_bytes: int) -> None:
        """Makes the directory."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._claim()
