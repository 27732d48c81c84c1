"""A backup: a lake in a directory of its own, sealed with a key of its own, for any machine.

shelf/, generations/, asleep.json, embeddings.db, journal.db      as in HOME/dragon
MANIFEST.json       BLAKE2 of every file, and of itself; written last
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

from common.clock import Clock
from common.daemon.keys import KEY_BYTES, SealingKey, read_key_file, sealing_key
from common.errors import Conflict, Corrupt, Denied, Invalid, Missing
from common.model.lake import LakeStep
from dragon_node.lake.failpoints import reach
from dragon_node.lake.recovery import documents
from dragon_node.lake.recovery.archive import Archive
from dragon_node.lake.recovery.generations import Generations
from dragon_node.lake.recovery.snapshot import Snapshots
from dragon_node.lake.recovery.transfer import EMBEDDINGS, JOURNAL, Place, transfer
from dragon_node.lake.shards import FORMAT_VERSION

MANIFEST = "MANIFEST.json"


class Backups:
    """Makes backups of the open lake."""

    def __init__(
        self,
        home: Place,
        embeddings: Path,
        archive: Archive,
        snapshots: Snapshots,
        clock: Clock,
        ram: Path | None = None,
    ) -> None:
        """`home` is HOME/dragon, and `ram` where the RAM disk lies: no place for a backup."""
        self._home = home
        self._taken = (home.directory, *([ram] if ram is not None else []))
        self._embeddings = embeddings
        self._archive = archive
        self._snapshots = snapshots
        self._clock = clock

    async def steps(self, to: Path, key_to: Path) -> AsyncGenerator[LakeStep]:
        """A fresh generation, and everything since, in `to`; the key that opens it in `key_to`.

        Invalid when the key would lie beside what it opens, or something where the lake itself
        lies: what happens to that would happen to its backup. Conflict when something is there
        already. OverLimit when a disk is full: without its MANIFEST.json it is no backup.
        """
        await asyncio.to_thread(_refuse, to, key_to, self._taken)
        async with self._snapshots.turn:  # so that the journal is not cut meanwhile
            async with aclosing(self._snapshots.made()) as making:
                async for step in making:
                    yield step
            manifest = self._archive.generations.newest()
            if manifest is None:
                raise AssertionError("a snapshot ended and there is no generation")
            key = await asyncio.to_thread(_make, to, key_to)
            files = [shelved.file for shelved in manifest.files.values()]
            self._archive.shelf.hold(files)
            try:
                moving = transfer(manifest, self._home, Place(to, key), self._embeddings)
                async with aclosing(moving):
                    async for step in moving:
                        yield step
            finally:
                self._archive.shelf.release(files)
        await asyncio.to_thread(_list, to, key, self._clock.now_ms())
        yield LakeStep("backup", 1, 1, f"{to}; the key that opens it: {key_to}", ended=True)


async def restore_backup(source: Path, key_file: Path, home: Path) -> AsyncGenerator[LakeStep]:
    """The lake of a backup in `home`, HOME/dragon of a Dragon that is not running, sealed with
    the key of that HOME. It opens as it was, and laptops go on from what it has acknowledged.

    Conflict when there is a lake already, Missing when there is no backup, Denied when the key is
    another one, Corrupt names what is damaged: then there is no lake in `home`, and doing it again
    starts over.
    """
    if (home / JOURNAL).exists():
        raise Conflict(f"{home} holds a lake already", hint=f"Move {home / JOURNAL} away first.")
    listed = await asyncio.to_thread(documents.read, source / MANIFEST)
    if listed is None:
        raise Missing(f"there is no backup in {source}: {MANIFEST} is missing")
    if listed["format"] > FORMAT_VERSION:
        raise Corrupt(f"{source} was made by a newer version: its format is {listed['format']}")
    key = await asyncio.to_thread(read_key_file, key_file)
    if key.id != listed["key"]:
        raise Denied(f"{source} is sealed with key {listed['key']}, and {key_file} is {key.id}")
    for done, (name, digest) in enumerate(listed["files"].items(), start=1):
        await asyncio.to_thread(_check, source / name, digest)
        yield LakeStep("verify", done, len(listed["files"]), name)
    manifest = Generations(source / "generations").newest()
    if manifest is None:
        raise Corrupt(f"{source / 'generations'} has no whole generation")
    target = Place(home, await asyncio.to_thread(sealing_key, home))
    moving = transfer(manifest, Place(source, key), target, source / EMBEDDINGS)
    async with aclosing(moving):
        async for step in moving:
            yield step
    yield LakeStep("restore", 1, 1, f"everything up to its newest record is in {home}", ended=True)


def _refuse(to: Path, key_to: Path, taken: Sequence[Path]) -> None:
    for path, field in ((to, "to"), (key_to, "key_to")):
        if not path.is_absolute():
            raise Invalid(f"{path} must be absolute", field=field)
        for place in taken:
            if path.resolve().is_relative_to(place.resolve()):
                raise Invalid(
                    f"{path} would lie in {place}, where the lake itself lies",
                    field=field,
                    hint="What happens to the lake would happen to it too: name another place, "
                    "best on another disk.",
                )
    if key_to.resolve().is_relative_to(to.resolve()):
        raise Invalid(
            f"{key_to} would lie in the backup that it opens",
            field="key_to",
            hint="Keep the key apart: on another disk, or in a password store.",
        )
    if key_to.exists():
        raise Conflict(f"{key_to} is there already", hint="Name a new file for the key.")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Conflict(f"{to} is not empty", hint="Name a new directory for the backup.")


def _make(to: Path, key_to: Path) -> SealingKey:
    """The directory, and the key: before anything that only it can open."""
    key = SealingKey(os.urandom(KEY_BYTES))
    with documents.room_on(key_to.parent):
        with open(key_to, "x", encoding="ascii", opener=_private) as file:
            file.write(key.raw.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        documents.sync_directory(key_to.parent)
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
    return key


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _check(path: Path, digest: str) -> None:
    try:
        found = documents.digest_of(path)
    except OSError as error:
        raise Corrupt(f"{path} cannot be read: {error}") from error
    if found != digest:
        raise Corrupt(f"{path} is damaged: it is not what was backed up")


def _list(to: Path, key: SealingKey, at_ms: int) -> None:
    files = sorted(p for p in to.rglob("*") if p.is_file())
    body = {
        "format": FORMAT_VERSION,
        "at_ms": at_ms,
        "key": key.id,
        "files": {str(p.relative_to(to)): documents.digest_of(p) for p in files},
    }
    reach("backup.listing")
    documents.write(to / MANIFEST, body, "backup")
