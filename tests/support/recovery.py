"""A lake of few moving parts for tests of recovery: files that only count, and a journal."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from common.daemon.keys import SealingKey
from common.errors import Corrupt
from common.model.ids import NodeId, ProjectId
from dragon_node.lake.database import Readers
from dragon_node.lake.journal import Draft, Journal
from dragon_node.lake.records import NO_ORIGIN, Note
from dragon_node.lake.recovery.archive import Archive
from dragon_node.lake.recovery.shelf import MEMORY, Shelved
from dragon_node.lake.recovery.snapshot import Snapshots
from dragon_node.lake.shards import META, Shard, Step, discard, step_of

KEY = SealingKey(b"k" * 32)
ONE = ProjectId("1" * 16)
TWO = ProjectId("2" * 16)
SCHEMA = META + "CREATE TABLE IF NOT EXISTS things(lsn INTEGER PRIMARY KEY, what TEXT NOT NULL);"


class SetClock:
    """Stands where it was set."""

    def __init__(self) -> None:
        self.ms = 1_000

    def now_ms(self) -> int:
        """Milliseconds."""
        return self.ms

    def monotonic(self) -> float:
        """Seconds."""
        return self.ms / 1_000


@dataclass
class Toy:
    """memory and two projects. `what` of a record goes to memory and to its project."""

    ram: Path
    readers: Readers
    journal: Journal
    archive: Archive
    shards: dict[str, Shard] = field(default_factory=dict[str, Shard])
    known: list[str] = field(default_factory=lambda: [MEMORY])
    clock: SetClock = field(default_factory=SetClock)

    @property
    def applied(self) -> int:
        """Everything is applied at once here."""
        return self.journal.last_lsn

    @property
    def snapshots(self) -> Snapshots:
        """Of it."""
        return Snapshots(self.archive, self, self.journal, self.clock)

    async def names(self) -> Sequence[str]:
        """Every file."""
        return list(self.known)

    def asleep(self) -> Mapping[ProjectId, Shelved]:
        """Projects on the SSD."""
        return {p: s for p, s in self.archive.asleep.all().items() if p not in self.shards}

    @asynccontextmanager
    async def held(self, name: str) -> AsyncGenerator[Shard | Shelved]:
        """A file, or the copy that it is."""
        project = ProjectId(name)
        yield self.asleep()[project] if project in self.asleep() else await self.shard(name)

    async def say(self, what: str, project: ProjectId) -> int:
        """Journals and applies; durable and applied on return."""
        body = f'{{"kind": "said", "fields": {{"what": "{what}"}}}}'.encode()
        note = Note("said", {"what": what})
        draft = Draft(NO_ORIGIN, 0, "note", NodeId(""), project, "", 1, body, note)
        written = await self.journal.append([draft], {})
        for name in (MEMORY, project):
            if name not in self.known:
                self.known.append(name)
            await self.catch_up(name)
        return written.last_lsn

    async def shard(self, name: str) -> Shard:
        """Open, recovered where it is missing or damaged, and up to date."""
        if name not in self.shards:
            self.shards[name] = await self._opened(name)
            if name in self.archive.asleep.all():
                self.archive.asleep.remove(ProjectId(name))
            await self.catch_up(name)
        return self.shards[name]

    async def catch_up(self, name: str) -> None:
        """Applies what the journal has and the file lacks."""
        shard = await self.shard(name)
        project = None if name == MEMORY else ProjectId(name)
        while rows := await self.journal.rows(shard.applied, 100, project):
            await shard.apply([step_of(row) for row in rows], _apply)

    async def sleep(self, project: ProjectId) -> None:
        """To the SSD."""
        shelved = await self.archive.shelf.put(project, await self.shard(project))
        self.archive.asleep.add(project, shelved)
        await self.put_away(project)

    async def put_away(self, name: str) -> None:
        """Its file is gone from the RAM disk."""
        shard = self.shards.pop(name)
        await shard.database.close()
        await self.readers.release(self.path(name))
        discard(self.path(name))

    async def remake(self, name: str) -> None:
        """Put away and opened anew."""
        await self.put_away(name)
        await self.shard(name)

    async def things(self, name: str) -> list[str]:
        """What it has, in order."""
        shard = await self.shard(name)
        sql = "SELECT what FROM things ORDER BY lsn"
        return await shard.database.read(lambda db: [row[0] for row in db.execute(sql)])

    def path(self, name: str) -> Path:
        """Of its file."""
        return self.ram / f"{name}.db"

    async def _opened(self, name: str) -> Shard:
        try:
            if self.path(name).exists():
                found = await self._at(name)
                if found.applied >= self.archive.recovery.minimum(name):
                    return found
                await found.database.close()
        except Corrupt:
            pass  # as good as missing
        await self.readers.release(self.path(name))
        discard(self.path(name))
        await self.archive.recovery.recover(name, self.path(name))
        return await self._at(name)

    async def _at(self, name: str) -> Shard:
        return await Shard.open(
            self.path(name),
            self.readers,
            schema=SCHEMA,
            journal=self.journal.id,
            last_lsn=self.journal.last_lsn,
        )


@asynccontextmanager
async def toy(directory: Path, key: SealingKey | None = None) -> AsyncGenerator[Toy]:
    """Opened as the lake is: its files as they are, recovered when somebody asks for them. The
    journal is sealed with the key that is given; copies always are."""
    ram = directory / "ram"
    ram.mkdir(parents=True, exist_ok=True)
    readers = Readers()
    journal = await Journal.open(directory / "journal.db", readers, lambda w: None, key)
    try:
        archive = Archive.open(directory, journal, key or KEY)
    except BaseException:
        await journal.close()
        await readers.close()
        raise
    made = Toy(ram, readers, journal, archive)
    made.known += sorted({p.stem for p in ram.glob("?" * 16 + ".db")} | set(archive.asleep.all()))
    newest = archive.generations.newest()
    made.known = list(dict.fromkeys([*made.known, *(newest.files if newest else ())]))
    try:
        yield made
    finally:
        await readers.close()
        for shard in made.shards.values():
            await shard.database.close()
        await journal.close()


def lose_ram(directory: Path) -> None:
    """As when the machine was switched off."""
    shutil.rmtree(directory / "ram")


def _apply(db: apsw.Connection, steps: Sequence[Step]) -> None:
    for step in steps:
        assert isinstance(step.body, Note)
        db.execute("INSERT INTO things VALUES(?,?)", (step.lsn, step.body.fields["what"]))
