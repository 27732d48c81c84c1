"""HOME/dragon/shelf: copies of the lake's files that never change, named by what they hold.

    DIGEST.db               one file of the RAM disk as it was
    .NAME.TOKEN.copying     one that was being copied; swept

Generations and sleeping projects refer to the same copies.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import apsw

from common.errors import Corrupt
from dragon_node.lake.database import Database, said_plainly
from dragon_node.lake.failpoints import reach
from dragon_node.lake.recovery.documents import digest_of, full, room_on, sync_directory, sync_file
from dragon_node.lake.shards import FORMAT_VERSION, Shard, discard

MEMORY = "memory"
"""The name of what is known across projects; every other name is a project's id."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A copy of one file."""

    name: str
    """`memory` or a project's id."""
    lsn: int
    """The newest in it."""
    generation: str
    """The file's, when it was copied."""
    bytes: int
    digest: str
    """BLAKE2b of the copy, sealed as it lies there."""
    file: str
    """Its name on the shelf."""
    format: int


class Shelf:
    """Puts files there and takes them back."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._last: WeakKeyDictionary[Database, tuple[int, Shelved]] = WeakKeyDictionary()
        self._unreferred: set[str] = set()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def put(self, name: str, shard: Shard) -> Shelved:
        """A copy of the file in one state, durable. One that has not been written to since its
        last copy is not copied again. OverLimit when the disk is full: nothing is left behind.
        """
        database = shard.database
        writes = database.writes
        held = self._last.get(database)
        if held is not None and held[0] == writes and self.path(held[1]).exists():
            self._unreferred.add(held[1].file)
            return held[1]
        shelved = await asyncio.to_thread(self._put, name, database.path)
        self._unreferred.add(shelved.file)
        self._last[database] = (writes, shelved)
        return shelved

    async def take(self, shelved: Shelved, to: Path) -> None:
        """Puts the copy where the file was, with a generation of its own: what was derived from
        the file that it replaces is worthless. Corrupt names a damaged copy: then nothing changes.
        """
        await asyncio.to_thread(self._take, shelved, to)

    async def check(self, shelved: Shelved) -> None:
        """Reads the copy back whole. Corrupt names it when it is not what was written."""
        await asyncio.to_thread(self._check, shelved)

    def path(self, shelved: Shelved) -> Path:
        """Where the copy lies."""
        return self.directory / shelved.file

    def let_go(self, files: Collection[str]) -> None:
        """Copies that nobody is going to refer to: the next sweep takes them."""
        self._unreferred -= set(files)

    def sweep(self, referred: Collection[str]) -> None:
        """Removes what is neither referred to nor on its way to be."""
        self._unreferred -= set(referred)
        keep = self._unreferred | set(referred)
        for path in self.directory.iterdir():
            if path.name not in keep and not path.name.startswith("."):
                path.unlink()
                reach("shelf.swept")

    def tidy(self) -> None:
        """Removes what a crash has left half copied; before anything is put."""
        for path in self.directory.glob(".*.copying*"):
            path.unlink()

    def _put(self, name: str, source: Path) -> Shelved:
        temp = self.directory / f".{name}.{secrets.token_hex(4)}.copying"
        try:
            with room_on(self.directory):
                _copy(source, temp, self.directory)
                sync_file(temp)
                reach("shelf.copied")
                lsn, generation = _position(temp)
                shelved = _shelved(name, temp, lsn, generation)
                temp.rename(self.path(shelved))
                reach("shelf.renamed")
                sync_directory(self.directory)
        except BaseException:
            discard(temp)
            raise
        return shelved

    def _take(self, shelved: Shelved, to: Path) -> None:
        self._check(shelved)
        temp = to.with_name(f"{to.name}.taking")
        discard(temp)
        try:
            _copy(self.path(shelved), temp, to.parent)
            reach("shelf.taking")
            _renew(temp)
            discard(to)
            temp.rename(to)
        except BaseException:
            discard(temp)
            raise
        reach("shelf.taken")

    def _check(self, shelved: Shelved) -> None:
        path = self.path(shelved)
        if shelved.format > FORMAT_VERSION:
            raise Corrupt(f"{path} was made by a newer version: its format is {shelved.format}")
        try:
            found = digest_of(path)
        except FileNotFoundError as error:
            raise Corrupt(f"{path}, a copy of {shelved.name}, is missing") from error
        except OSError as error:
            raise Corrupt(f"{path}, a copy of {shelved.name}, cannot be read: {error}") from error
        if found != shelved.digest:
            raise Corrupt(f"{path}, a copy of {shelved.name}, is damaged")


def _copy(source: Path, target: Path, directory: Path) -> None:
    """One state of a live file, whoever writes to it meanwhile."""
    with said_plainly(source):
        live = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            reach("shelf.copying")
            copy = apsw.Connection(str(target))
            try:
                copy.pragma("synchronous", "OFF")
                with copy.backup("main", live, "main") as backup:
                    backup.step(-1)
                copy.pragma("journal_mode", "delete")
            except apsw.FullError as error:
                raise full(directory) from error
            finally:
                copy.close()
        finally:
            live.close()


def _position(path: Path) -> tuple[int, str]:
    with said_plainly(path):
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            applied: str = db.execute("SELECT value FROM meta WHERE name='applied'").get
            generation: str = db.execute("SELECT value FROM meta WHERE name='generation'").get
        finally:
            db.close()
    return int(applied), generation


def _renew(path: Path) -> None:
    with said_plainly(path):
        db = apsw.Connection(str(path))
        try:
            db.pragma("synchronous", "OFF")
            db.execute("UPDATE meta SET value=lower(hex(randomblob(8))) WHERE name='generation'")
        finally:
            db.close()


def _shelved(name: str, path: Path, lsn: int, generation: str) -> Shelved:
    digest = digest_of(path)
    return Shelved(
        name, lsn, generation, path.stat().st_size, digest, f"{digest}.db", FORMAT_VERSION
    )
