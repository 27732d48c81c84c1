"""Everything of the lake that lies on the SSD besides its journal.

HOME/dragon/shelf/              copies of files (shelf.py)
HOME/dragon/asleep.json         which projects sleep (asleep.py)
HOME/dragon/generations/        whole lakes (generations.py)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.daemon.keys import SealingKey
from dragon_node.lake.recovery.asleep import Asleep
from dragon_node.lake.recovery.generations import Generations
from dragon_node.lake.recovery.restore import Reach, Recovery
from dragon_node.lake.recovery.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Archive:
    """One of each."""

    shelf: Shelf
    asleep: Asleep
    generations: Generations
    recovery: Recovery

    @classmethod
    def open(cls, directory: Path, journal: Reach, key: SealingKey | None) -> Archive:
        """Makes what is missing, and removes what a crash has left half made."""
        shelf = Shelf(directory / "shelf", key)
        asleep = Asleep(directory / "asleep.json")
        generations = Generations(directory / "generations")
        archive = cls(shelf, asleep, generations, Recovery(shelf, asleep, generations, journal))
        shelf.tidy()
        if not generations.damaged:
            archive.sweep()
        return archive

    def sweep(self) -> None:
        """Removes copies that neither a generation nor a sleeping project refers to."""
        asleep = {shelved.file for shelved in self.asleep.all().values()}
        held = {s.file for m in self.generations.all() for s in m.files.values()}
        self.shelf.sweep(asleep | held)
