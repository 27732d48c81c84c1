"""A lake's kept state from one directory to another, under another key: both ways of a backup.

shelf/, generations/, asleep.json      one generation (archive.py)
embeddings.db                          vectors that were made
journal.db                             everything since the generation; last
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

from common.daemon.keys import SealingKey
from common.model.lake import LakeStep
from dragon_node.lake.database import copied
from dragon_node.lake.failpoints import reach
from dragon_node.lake.recovery.asleep import Asleep
from dragon_node.lake.recovery.generations import Generations, Manifest
from dragon_node.lake.recovery.shelf import Shelf, Shelved

JOURNAL = "journal.db"
EMBEDDINGS = "embeddings.db"


@dataclass(frozen=True, slots=True)
class Place:
    """A directory laid out as HOME/dragon is, and what seals it."""

    directory: Path
    key: SealingKey | None

    @property
    def shelf(self) -> Shelf:
        """Its copies."""
        return Shelf(self.directory / "shelf", self.key)


async def transfer(
    manifest: Manifest, source: Place, target: Place, embeddings: Path
) -> AsyncGenerator[LakeStep]:
    """Copies a generation and the journal after it, which nobody cuts meanwhile. `embeddings` is
    the source's file. Corrupt names what is damaged, OverLimit says that the disk is full: a
    target without a journal is no lake."""
    files: dict[str, Shelved] = {}
    to = target.shelf
    for done, (name, shelved) in enumerate(manifest.files.items(), start=1):
        files[name] = await source.shelf.copy_to(to, shelved)
        reach("backup.copied")
        yield LakeStep("copy", done, len(manifest.files), name)
    await asyncio.to_thread(_record, manifest, files, source, target)
    for step, path in (("embeddings", embeddings), ("journal", source.directory / JOURNAL)):
        into = target.directory / (EMBEDDINGS if step == "embeddings" else JOURNAL)
        if path.exists():
            await asyncio.to_thread(copied, path, source.key, into, target.key)
        yield LakeStep(step, 1, 1, path.name)


def _record(manifest: Manifest, files: dict[str, Shelved], source: Place, target: Place) -> None:
    Generations(target.directory / "generations").publish(replace(manifest, files=files), keep=1)
    # All of it: a home whose journal was lost may have a map of its own, of what is no more.
    Asleep(target.directory / "asleep.json").replace(
        {
            project: files[project]
            for project, shelved in Asleep(source.directory / "asleep.json").all().items()
            # One that fell asleep since is in the generation as it was, and in the journal.
            if manifest.files.get(project) == shelved
        }
    )
