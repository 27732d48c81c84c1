"""What an owner asks of the state that the SSD keeps: snapshot, verify, restore, backup."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

from common.clock import Clock
from common.model.lake import Generation, LakeStep
from dragon_node.lake.database import Readers
from dragon_node.lake.journal import Journal
from dragon_node.lake.recovery.archive import Archive
from dragon_node.lake.recovery.backup import Backups
from dragon_node.lake.recovery.restore import Remade, restore
from dragon_node.lake.recovery.snapshot import Snapshots, Standing
from dragon_node.lake.recovery.transfer import EMBEDDINGS, Place
from dragon_node.lake.recovery.verify import Verification

Steps = AsyncGenerator[LakeStep]


class Safekeeping:
    """Long work, told step by step; the last one is ended."""

    def __init__(
        self,
        place: Place,
        archive: Archive,
        snapshots: Snapshots,
        journal: Journal,
        standing: Standing,
        files: Remade,
        readers: Readers,
        clock: Clock,
        ram: Path | None = None,
    ) -> None:
        """`place` is HOME/dragon and the key that seals it; `ram` is where the RAM disk lies."""
        self._place = place
        self._archive = archive
        self._snapshots = snapshots
        self._journal = journal
        self._standing = standing
        self._files = files
        self._readers = readers
        self._embeddings = place.directory / EMBEDDINGS
        self._backups = Backups(place, self._embeddings, archive, snapshots, clock, ram)

    def generations(self) -> tuple[Generation, ...]:
        """Newest first."""
        return tuple(manifest.described() for manifest in self._archive.generations.all())

    def snapshot(self) -> Steps:
        """A new generation. OverLimit when the disk is full."""
        return self._snapshots.steps()

    def rewrite(self) -> Steps:
        """A new generation and no other: what has been forgotten is in no older one then."""
        return self._snapshots.rewrite()

    def verify(self) -> Steps:
        """Reads everything; a step that is not ok names a damaged thing."""
        others = {"embeddings": self._embeddings} if self._embeddings.exists() else {}
        verification = Verification(
            self._archive, self._journal, self._standing, self._readers, others
        )
        return verification.steps()

    async def restore(self, at: int) -> Steps:
        """The files of a generation, the newest for 0, and the journal after it. Missing when
        there is no such generation, Corrupt when it is damaged: then nothing changed."""
        async with self._snapshots.turn:
            async for step in restore(at, self._archive.recovery, self._archive.shelf, self._files):
                yield step

    def backup(self, to: Path, key_to: Path) -> Steps:
        """In a directory, for any machine, and the key that opens it in a file elsewhere."""
        return self._backups.steps(to, key_to)
