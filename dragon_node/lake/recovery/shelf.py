"""HOME/dragon/shelf: copies of the lake's files that never change, named by what they hold.

    DIGEST.db               one file of the RAM disk as it was
    DIGEST.2.db             the same again, of one that several refer to: where it is damaged
    .NAME.TOKEN.copying     one that was being copied; swept

Generations and sleeping projects refer to the same copies.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Collection, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import apsw

from common.daemon.keys import SealingKey
from common.errors import Corrupt, OverLimit
from dragon_node.lake.database import Database, copied, said_plainly, unlock
from dragon_node.lake.failpoints import reach
from dragon_node.lake.recovery.documents import (
    digest_of,
    full,
    room_on,
    sync_directory,
    uncache,
)
from dragon_node.lake.shards import FORMAT_VERSION, Shard, discard

log = logging.getLogger(__name__)

MEMORY = "memory"
"""The name of what is known across projects; every other name is a project's id."""


SECOND = ".2.db"


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

    def __init__(self, directory: Path, key: SealingKey | None) -> None:
        """With a key the copies are sealed; without one they are plain."""
        self.directory = directory
        self._key = key
        self._last: WeakKeyDictionary[Database, tuple[int, Shelved]] = WeakKeyDictionary()
        self._unreferred: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def put(self, name: str, shard: Shard) -> Shelved:
        """A copy of the file in one state, durable. One that has not been written to since its
        last copy is not copied again. OverLimit when the disk is full: nothing is left behind.
        """
        database = shard.database
        writes = database.writes
        held = self._last.get(database)
        if held is not None and held[0] == writes and self.path(held[1]).exists():
            self._unreferred[held[1].file] += 1
            return held[1]
        shelved = await asyncio.to_thread(self._put, name, database.path)
        self._unreferred[shelved.file] += 1
        self._last[database] = (writes, shelved)
        return shelved

    async def take(self, shelved: Shelved, to: Path) -> None:
        """Puts the copy where the file was, with a generation of its own: what was derived from
        the file that it replaces is worthless. Corrupt names a damaged copy: then nothing changes.
        """
        await asyncio.to_thread(self._take, shelved, to)

    async def double(self, shelved: Shelved) -> None:
        """The copy a second time, durable: what several refer to does not hang on one file.
        Corrupt when it is damaged already, OverLimit when the disk is full."""
        await asyncio.to_thread(self._double, shelved)

    async def check(self, shelved: Shelved) -> None:
        """Reads the copy whole. Corrupt names it when neither file is what was written."""
        await asyncio.to_thread(self._whole, shelved)

    async def examine(self, shelved: Shelved) -> None:
        """Reads the copy back from the disk, the second too where there is one, and that SQLite
        finds it whole. Corrupt names what is not."""
        await asyncio.to_thread(self._examine, shelved)

    def path(self, shelved: Shelved) -> Path:
        """Where the copy lies."""
        return self.directory / shelved.file

    async def copy_to(self, other: Shelf, shelved: Shelved) -> Shelved:
        """The copy on another shelf, sealed with its key. Errors as `take` and `put`."""
        return await asyncio.to_thread(self._copy_to, other, shelved)

    def hold(self, files: Collection[str]) -> None:
        """No sweep takes these copies until they are released, whoever refers to them."""
        self._held.update(files)

    def release(self, files: Collection[str]) -> None:
        """They may be swept again."""
        self._held -= Counter(files)

    def let_go(self, files: Collection[str]) -> None:
        """Copies that whoever has put them is not going to refer to: a sweep may take them."""
        self._unreferred -= Counter(files)

    def let_go_all(self) -> None:
        """Nobody is putting a copy or is about to refer to one: the next sweep takes all that
        nothing refers to then."""
        self._unreferred.clear()

    def sweep(self, referred: Collection[str]) -> None:
        """Removes what is neither referred to nor on its way to be."""
        for file in referred:
            self._unreferred.pop(file, None)
        keep = {*self._unreferred, *self._held, *referred}
        for path in self.directory.iterdir():
            if _first(path.name) not in keep and not path.name.startswith("."):
                path.unlink()
                reach("shelf.swept")

    def tidy(self) -> None:
        """Removes what a crash has left half copied; before anything is put."""
        for path in self.directory.glob(".*.copying*"):
            path.unlink()

    def _copy_to(self, other: Shelf, shelved: Shelved) -> Shelved:
        path = self._whole(shelved)
        with other._draft(shelved.name) as temp:
            copied(path, self._key, temp, other._key)
            return other._kept(temp, shelved.name)

    def _put(self, name: str, source: Path) -> Shelved:
        with self._draft(name) as temp:
            copied(source, None, temp, self._key)
            return self._kept(temp, name)

    @contextmanager
    def _draft(self, name: str) -> Generator[Path]:
        """Where a copy is made. OverLimit when the disk is full; nothing is left of it."""
        temp = self.directory / f".{name}.{secrets.token_hex(4)}.copying"
        reach("shelf.copying")
        try:
            with room_on(self.directory):
                yield temp
        except OverLimit as error:
            raise full(self.directory) from error
        finally:
            discard(temp)

    def _kept(self, temp: Path, name: str) -> Shelved:
        """Gives a copy its name."""
        reach("shelf.copied")
        with self._opened(temp) as db:
            lsn, generation = _position(db)
        digest = digest_of(temp)
        size = temp.stat().st_size
        shelved = Shelved(name, lsn, generation, size, digest, f"{digest}.db", FORMAT_VERSION)
        temp.rename(self.path(shelved))
        reach("shelf.renamed")
        sync_directory(self.directory)
        return shelved

    def _take(self, shelved: Shelved, to: Path) -> None:
        path = self._whole(shelved)
        temp = to.with_name(f"{to.name}.taking")
        discard(temp)
        try:
            copied(path, self._key, temp, None)
            reach("shelf.taking")
            _renew(temp)
            discard(to)
            temp.rename(to)
        finally:
            discard(temp)
        reach("shelf.taken")

    def _double(self, shelved: Shelved) -> None:
        second = self._second(shelved)
        if second.exists():
            return
        self._check(shelved, self.path(shelved))
        with self._draft(shelved.name) as temp:
            shutil.copyfile(self.path(shelved), temp)
            os.chmod(temp, 0o600)
            with temp.open("rb") as file:
                os.fsync(file.fileno())
            self._check(shelved, temp)
            temp.rename(second)
            reach("shelf.doubled")
            sync_directory(self.directory)

    def _examine(self, shelved: Shelved) -> None:
        wrong: list[str] = []
        for path in self._files(shelved):
            try:
                self._examine_one(shelved, path)
            except Corrupt as error:
                wrong.append(error.message)
        if wrong:
            raise Corrupt("; ".join(wrong))

    def _examine_one(self, shelved: Shelved, path: Path) -> None:
        if path.exists():
            uncache(path)
        self._check(shelved, path)
        with self._opened(path) as db:
            if wrong := damage(db):
                raise Corrupt(f"{path}, a copy of {shelved.name}, is damaged: {wrong}")

    def _whole(self, shelved: Shelved) -> Path:
        """The file of the copy that is as it was written."""
        wrong: list[str] = []
        for path in self._files(shelved):
            try:
                self._check(shelved, path)
            except Corrupt as error:
                wrong.append(error.message)
                continue
            for sentence in wrong:
                log.warning("passed over: %s", sentence)
            return path
        raise Corrupt("; ".join(wrong))

    def _files(self, shelved: Shelved) -> list[Path]:
        second = self._second(shelved)
        return [self.path(shelved), *([second] if second.exists() else [])]

    def _second(self, shelved: Shelved) -> Path:
        return self.directory / f"{shelved.digest}{SECOND}"

    def _check(self, shelved: Shelved, path: Path) -> None:
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

    @contextmanager
    def _opened(self, path: Path) -> Generator[apsw.Connection]:
        with said_plainly(path), closing(_read_only(path)) as db:
            if self._key is not None:
                unlock(db, path, self._key)
            yield db


def _first(name: str) -> str:
    """By what a file is referred to: a second one by the first."""
    return f"{name.removesuffix(SECOND)}.db" if name.endswith(SECOND) else name


def damage(db: apsw.Connection) -> str:
    """What SQLite finds wrong with a file; empty when it is whole."""
    found: list[str] = [row[0] for row in db.execute("PRAGMA quick_check(1)")]
    return "" if found == ["ok"] else found[0]


def _read_only(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)


def _position(db: apsw.Connection) -> tuple[int, str]:
    applied: str = db.execute("SELECT value FROM meta WHERE name='applied'").get
    generation: str = db.execute("SELECT value FROM meta WHERE name='generation'").get
    return int(applied), generation


def _renew(path: Path) -> None:
    with said_plainly(path), closing(apsw.Connection(str(path))) as db:
        db.pragma("synchronous", "OFF")
        db.execute("UPDATE meta SET value=lower(hex(randomblob(8))) WHERE name='generation'")
