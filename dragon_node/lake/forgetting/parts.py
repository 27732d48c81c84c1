"""What of the lake forgetting needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from common.clock import Clock
from common.daemon.keys import SealingKey
from common.model.ids import ProjectId
from dragon_node.lake.accountant import Accountant
from dragon_node.lake.admission import Places
from dragon_node.lake.journal import Journal
from dragon_node.lake.lexicon import Lexicon
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.recovery.archive import Archive
from dragon_node.lake.recovery.snapshot import Snapshots
from dragon_node.lake.stores import Stores


@dataclass(frozen=True, slots=True)
class Parts:
    """Passed in once."""

    journal: Journal
    stores: Stores
    places: Places
    lexicon: Lexicon
    nearest: Nearest
    archive: Archive
    snapshots: Snapshots
    accountant: Accountant
    until_applied: Callable[[int], Awaitable[None]]
    clock: Clock
    directory: Path
    """HOME/dragon on the SSD."""
    ram: Path
    key: SealingKey | None = None

    def name(self, project: ProjectId) -> str:
        """For people."""
        return self.places.names.get(project, "") or project
