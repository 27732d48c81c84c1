"""How a file of the lake that is missing or damaged comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from common.errors import Corrupt
from common.model.ids import ProjectId
from dragon_node.lake.recovery.asleep import Asleep
from dragon_node.lake.recovery.generations import Generations, Manifest
from dragon_node.lake.recovery.shelf import MEMORY, Shelf, Shelved


class Reach(Protocol):
    """What is asked of the journal."""

    @property
    def id(self) -> str:
        """Drawn when it was made."""
        ...

    @property
    def first_lsn(self) -> int:
        """The oldest position that it holds; 0 when nothing was cut."""
        ...


class Recovery:
    """Files from the newest copy that is whole and that the journal can bring up to date."""

    def __init__(
        self, shelf: Shelf, asleep: Asleep, generations: Generations, journal: Reach
    ) -> None:
        self._shelf = shelf
        self._asleep = asleep
        self._generations = generations
        self._journal = journal
        self.told: list[str] = []
        """Copies that were found damaged and passed over."""

    async def recover(self, name: str, path: Path) -> Shelved | None:
        """Puts a copy of the file at `path`, from where the journal goes on. None when the file
        has never been copied and the journal holds all of it. Corrupt when neither is so."""
        wrong: list[str] = []
        for shelved in self._copies(name):
            try:
                await self._shelf.take(shelved, path)
            except Corrupt as error:
                wrong.append(error.message)
                continue
            self.told += wrong
            return shelved
        if self._all_is_journalled(name):
            self.told += wrong
            return None
        why = "; ".join([*wrong, *self._generations.damaged]) or "no copy of it is left"
        raise Corrupt(
            f"{name} cannot be restored: {why}, and the journal begins at "
            f"{self._journal.first_lsn}",
            hint="Restore a backup: dragon-node restore --from DIR --key FILE.",
        )

    def minimum(self, name: str) -> int:
        """The position that a file found on the RAM disk must have reached: the journal no longer
        holds everything before. Below it the file is as good as missing."""
        usable = self._usable()
        if not usable:
            return max(0, self._journal.first_lsn - 1) if name == MEMORY else 0
        shelved = usable[-1].files.get(name)
        return 0 if shelved is None else min(shelved.lsn, usable[-1].lsn)

    def _copies(self, name: str) -> Iterator[Shelved]:
        asleep = self._asleep.all().get(ProjectId(name))
        if asleep is not None:
            yield asleep
        for manifest in self._usable():
            if name in manifest.files:
                yield manifest.files[name]

    def _usable(self) -> list[Manifest]:
        """Newest first: those of this journal that it reaches back to."""
        return [
            m
            for m in self._generations.all()
            if m.journal == self._journal.id and m.lsn + 1 >= self._journal.first_lsn
        ]

    def _all_is_journalled(self, name: str) -> bool:
        """Nothing was cut, or the file began after the cut: a generation knows every file."""
        if self._journal.first_lsn <= 1:
            return True
        usable = self._usable()
        return name != MEMORY and bool(usable) and all(name not in m.files for m in usable)
