"""Everything of the lake that lies on the SSD besides its journal.

HOME/dragon/shelf/              copies of files (shelf.py)
HOME/dragon/asleep.json         which projects sleep (asleep.py)
HOME/dragon/generations/        whole lakes (generations.py)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.daemon.keys import SealingKey
from common.errors import Corrupt
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
        """Makes what is missing, and removes what a crash has left half made. Corrupt when the
        journal is not the one that the generations go on with: it was lost, and with it what was
        acknowledged since."""
        shelf = Shelf(directory / "shelf", key)
        asleep = Asleep(directory / "asleep.json")
        generations = Generations(directory / "generations")
        _go_on(generations, journal, directory)
        archive = cls(shelf, asleep, generations, Recovery(shelf, asleep, generations, journal))
        shelf.tidy()
        nothing_says = asleep.damaged or (not generations.all() and not asleep.all())
        if not generations.damaged and not nothing_says:  # what the copies are
            archive.sweep()
        return archive

    def sweep(self) -> None:
        """Removes copies that neither a generation nor a sleeping project refers to."""
        asleep = {shelved.file for shelved in self.asleep.all().values()}
        held = {s.file for m in self.generations.all() for s in m.files.values()}
        self.shelf.sweep(asleep | held)


def _go_on(generations: Generations, journal: Reach, directory: Path) -> None:
    newest = generations.newest()
    if newest is not None and newest.journal != journal.id:
        raise Corrupt(
            f"{directory / 'journal.db'} is not the journal that generation {newest.number} goes "
            "on with: that one is missing, and what was recorded since with it",
            hint="Put it back, or restore a backup; to go on without what the lake held, move "
            f"{directory / 'generations'} and {directory / 'shelf'} away.",
        )
