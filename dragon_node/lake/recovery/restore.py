"""How a file of the lake that is missing or damaged comes back."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from common.errors import Corrupt, Missing
from common.model.ids import ProjectId
from common.model.lake import LakeStep
from dragon_node.lake.recovery.asleep import Asleep
from dragon_node.lake.recovery.generations import Generations, Manifest
from dragon_node.lake.recovery.shelf import MEMORY, Shelf, Shelved

log = logging.getLogger(__name__)


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

    @property
    def last_lsn(self) -> int:
        """The newest position that it holds."""
        ...


class Remade(Protocol):
    """What is asked of the files."""

    def asleep(self) -> Mapping[ProjectId, Shelved]:
        """Projects on the SSD, by the copy that each is."""
        ...

    async def remake(self, name: str) -> None:
        """Puts a file away, recovers it, and brings it up to the journal's end."""
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
        self._first: Manifest | None = None
        self.bridging = False
        """The journal has just begun after one that was lost, and no generation has what came
        before it yet: every file counts as far as it has come."""
        self.told: list[str] = []
        """Copies that were found damaged and passed over."""

    async def recover(self, name: str, path: Path) -> Shelved | None:
        """Puts a copy of the file at `path`, from where the journal goes on. None when the file
        has never been copied and the journal holds all of it. Corrupt when neither is so."""
        wrong: list[str] = []
        for shelved in self._copies(name):
            if shelved.lsn > self._journal.last_lsn:
                wrong.append(
                    f"{self._shelf.path(shelved)}, a copy of {name}, has {shelved.lsn} records "
                    f"and the journal {self._journal.last_lsn}"
                )
                continue
            try:
                await self._shelf.take(shelved, path)
            except Corrupt as error:
                wrong.append(error.message)
                continue
            self._tell(wrong)
            return shelved
        if self._all_is_journalled(name):
            self._tell(wrong)
            return None
        why = "; ".join([*wrong, *self._generations.damaged]) or "no copy of it is left"
        raise Corrupt(
            f"{name} cannot be restored: {why}, and the journal begins at "
            f"{self._journal.first_lsn}",
            hint="Restore a backup: dragon-node restore --from DIR --key FILE.",
        )

    def _tell(self, wrong: list[str]) -> None:
        for sentence in wrong:
            log.warning("passed over: %s", sentence)
        self.told += wrong

    def minimum(self, name: str) -> int:
        """The position that a file found on the RAM disk must have reached: the journal no longer
        holds everything before. Below it the file is as good as missing."""
        usable = self._usable()
        if self.bridging:
            usable = usable[:1]
        if not usable:
            if self.bridging:
                return 0
            return max(0, self._journal.first_lsn - 1) if name == MEMORY else 0
        shelved = usable[-1].files.get(name)
        return 0 if shelved is None else min(shelved.lsn, usable[-1].lsn)

    @contextmanager
    def preferring(self, at: int) -> Generator[Manifest]:
        """Meanwhile files come from this generation first; the newest for 0. Missing when there
        is none of this number that the journal reaches back to."""
        found = next((m for m in self._usable() if at in (0, m.number)), None)
        if found is None:
            there = ", ".join(str(m.number) for m in self._usable()) or "none"
            raise Missing(f"there is no generation {at or ''}".strip(), hint=f"There: {there}.")
        self._first = found
        try:
            yield found
        finally:
            self._first = None

    def _copies(self, name: str) -> Iterator[Shelved]:
        if self._first is not None and name in self._first.files:
            yield self._first.files[name]
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
            if m.journal == self._journal.id
            and (self.bridging or m.lsn + 1 >= self._journal.first_lsn)
        ]

    def _all_is_journalled(self, name: str) -> bool:
        """Nothing was cut, or the file began after the cut: a generation knows every file."""
        if self._journal.first_lsn <= 1:
            return True
        usable = self._usable()
        if self.bridging:
            # Known by nothing but memory.db is what began after the newest generation: gone with
            # its file. Without memory.db what sleeps goes on, and nobody claims to know the rest.
            return name == MEMORY and not usable
        return name != MEMORY and bool(usable) and all(name not in m.files for m in usable)


async def restore(
    at: int, recovery: Recovery, shelf: Shelf, files: Remade
) -> AsyncGenerator[LakeStep]:
    """Files of a generation in the place of those on the RAM disk, and the journal after them:
    nothing that was acknowledged is lost. Projects that sleep, or began later, stay as they are.

    Missing when there is no such generation; Corrupt names a damaged copy: then nothing changed.
    """
    with recovery.preferring(at) as manifest:
        names = [name for name in manifest.files if name not in files.asleep()]
        for done, name in enumerate(names, start=1):
            await shelf.check(manifest.files[name])
            yield LakeStep("verify", done, len(names), name)
        for done, name in enumerate(names, start=1):
            await files.remake(name)
            yield LakeStep("restore", done, len(names), name)
    sentence = f"generation {manifest.number}, and the journal after it"
    yield LakeStep("restore", len(names), len(names), sentence, ended=True)
