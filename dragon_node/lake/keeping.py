"""What a Dragon keeps: what, where, how much, how old, and what ends its stay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import apsw

from common.model.lake import KeptItem
from dragon_node.lake.journal import Journal
from dragon_node.lake.recovery.archive import Archive
from dragon_node.lake.stores import Stores

FORGOTTEN = "until forgotten"


@dataclass(frozen=True, slots=True)
class _Counted:
    """Rows of one kind."""

    items: int = 0
    oldest_ms: int = 0
    newest_ms: int = 0

    def __add__(self, other: _Counted) -> _Counted:
        oldest = [ms for ms in (self.oldest_ms, other.oldest_ms) if ms]
        return _Counted(
            self.items + other.items,
            min(oldest, default=0),
            max(self.newest_ms, other.newest_ms),
        )


class Keeping:
    """Tells it, by looking."""

    def __init__(
        self, journal: Journal, stores: Stores, archive: Archive, directory: Path, ram: Path
    ) -> None:
        """`directory` is HOME/dragon on the SSD; `ram` the RAM disk."""
        self._journal = journal
        self._stores = stores
        self._archive = archive
        self._directory = directory
        self._ram = ram

    async def kept(self) -> list[KeptItem]:
        """What lies on the SSD first, then what lies in memory. Nobody is woken for it."""
        on_disk = [await self._records(), await self._vectors(), *self._copies()]
        return [*on_disk, await self._failures(), *(await self._projects()), await self._words()]

    async def _records(self) -> KeptItem:
        counted = await self._journal.read(_records)
        return _item(
            "records as they came",
            self._journal.path,
            counted,
            self._journal.bytes,
            encrypted=True,
            until="until a snapshot that was read back has them",
        )

    async def _vectors(self) -> KeptItem:
        path = self._directory / "embeddings.db"
        return _item(
            "vectors of code",
            path,
            _Counted(),
            await asyncio.to_thread(_size, [path]),
            encrypted=True,
            until="until their text is forgotten",
        )

    def _copies(self) -> list[KeptItem]:
        """Of projects that sleep, and generations; they may share a file."""
        shelf = self._archive.shelf.directory
        asleep = self._archive.asleep.all().values()
        generations = self._archive.generations.all()
        files = {s.file: s.bytes for m in generations for s in m.files.values()}
        return [
            _item(
                "projects that sleep",
                shelf,
                _Counted(len(asleep)),
                sum(shelved.bytes for shelved in asleep),
                encrypted=True,
                until="until they are touched",
            ),
            _item(
                "generations",
                shelf,
                _Counted(
                    len(generations),
                    min((m.at_ms for m in generations), default=0),
                    max((m.at_ms for m in generations), default=0),
                ),
                sum(files.values()),
                encrypted=True,
                until="until two newer ones are whole",
            ),
        ]

    async def _failures(self) -> KeptItem:
        database = self._stores.memory.database
        counted = await database.read(_failures)
        size = await asyncio.to_thread(_size, [database.path])
        return _item("failures and what made them pass", database.path, counted, size)

    async def _projects(self) -> list[KeptItem]:
        """Of those that are awake, together."""
        events, contents, paths = _Counted(), _Counted(), list[Path]()
        for project in self._stores.awake():
            file = self._stores.file(project)
            if file is not None:
                found = await file.read(lambda db: (_events(db), _contents(db)))
                events, contents = events + found[0], contents + found[1]
                paths.append(file.path)
        where = self._ram / "projects"
        size = await asyncio.to_thread(_size, paths)
        return [
            _item("events", where, events, size, until=FORGOTTEN),
            _item("versions of files", where, contents, 0, until=FORGOTTEN),
        ]

    async def _words(self) -> KeptItem:
        where = self._ram / "words"
        paths = await asyncio.to_thread(lambda: list(where.rglob("*")))
        size = await asyncio.to_thread(_size, paths)
        return _item("words", where, _Counted(), size, until="as long as their project is awake")


def _item(
    what: str,
    where: Path,
    counted: _Counted,
    size: int,
    *,
    encrypted: bool = False,
    until: str = FORGOTTEN,
) -> KeptItem:
    return KeptItem(
        what,
        str(where),
        counted.items,
        size,
        counted.oldest_ms,
        counted.newest_ms,
        encrypted,
        until,
    )


def _records(db: apsw.Connection) -> _Counted:
    ends = [
        db.execute(f"SELECT at_ms FROM records WHERE at_ms>0 ORDER BY lsn {way} LIMIT 1").get or 0
        for way in ("ASC", "DESC")
    ]
    return _Counted(db.execute("SELECT count(*) FROM records").get, ends[0], ends[1])


def _events(db: apsw.Connection) -> _Counted:
    oldest, newest = db.execute(
        "SELECT (SELECT min(at_ms) FROM events), (SELECT max(at_ms) FROM events)"
    ).get
    return _Counted(db.execute("SELECT count(*) FROM events").get, oldest or 0, newest or 0)


def _contents(db: apsw.Connection) -> _Counted:
    return _Counted(db.execute("SELECT count(*) FROM blobs").get)


def _failures(db: apsw.Connection) -> _Counted:
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name='occurrences'").fetchone():
        return _Counted()
    oldest, newest = db.execute("SELECT min(at_ms), max(at_ms) FROM runs").get
    items: int = db.execute("SELECT count(*) FROM occurrences").get
    return _Counted(items, oldest or 0, newest or 0)


def _size(paths: Iterable[Path]) -> int:
    """With the logs beside them; what has gone meanwhile counts nothing."""
    total = 0
    for path in paths:
        for each in (path, path.with_name(f"{path.name}-wal")):
            try:
                total += each.stat().st_size if each.is_file() else 0
            except FileNotFoundError:
                continue
    return total
