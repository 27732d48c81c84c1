"""memory.db and the projects' files: opened, woken, applied and replayed, each for itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import apsw

from common.errors import Corrupt
from common.model.ids import ProjectId
from dragon_node.lake import metadata, project
from dragon_node.lake.accountant import Accountant
from dragon_node.lake.code import Changed
from dragon_node.lake.database import Database, Readers
from dragon_node.lake.failpoints import reach
from dragon_node.lake.journal import Journal
from dragon_node.lake.lexicon import Lexicon
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.ramdisk import RamDisk
from dragon_node.lake.records import Applier, Blobs, Chunker
from dragon_node.lake.recovery.shelf import MEMORY, Shelved
from dragon_node.lake.shards import Migrate, Shard, Step, discard, step_of
from dragon_node.lake.tended import Tended

log = logging.getLogger(__name__)

REPLAY_RECORDS = 500
"""Records of one transaction while replaying."""


class Recovers(Protocol):
    """Where files come from that the RAM disk lacks."""

    async def recover(self, name: str, path: Path) -> Shelved | None:
        """Puts a copy at `path`. None when the journal holds all of it; Corrupt when neither."""
        ...

    def minimum(self, name: str) -> int:
        """The position that a file found on the RAM disk must have reached."""
        ...


class Sleepers(Protocol):
    """The projects that sleep, durably."""

    def all(self) -> Mapping[ProjectId, Shelved]:
        """Every one, with its copy."""
        ...

    def remove(self, project: ProjectId) -> None:
        """It is awake."""
        ...


class Stores:
    """Everything on the RAM disk that the journal, or the journal and a copy, can rebuild."""

    def __init__(
        self,
        ram: RamDisk,
        readers: Readers,
        journal: Journal,
        appliers: Sequence[Applier],
        chunker: Chunker,
        lexicon: Lexicon,
        nearest: Nearest,
        recovery: Recovers,
        asleep: Sleepers,
        accountant: Accountant,
        migrate: Migrate | None = None,
    ) -> None:
        self.shelving = asyncio.Lock()
        """Held while the map of those asleep is changed."""
        self._ram = ram
        self._readers = readers
        self._journal = journal
        self._appliers = appliers
        self._chunker = chunker
        self._lexicon = lexicon
        self._nearest = nearest
        self._recovery = recovery
        self._asleep = asleep
        self._accountant = accountant
        self._migrate = migrate
        self._projects: dict[ProjectId, Shard] = {}
        self._files: dict[ProjectId, Tended] = {}
        self._memory_file = Tended(ram.path / "memory.db", self._open_memory, ram.verify)
        self.memory = Shard(self._memory_file, 0, "")

    async def open(self) -> None:
        """Opens memory.db, and brings every file that is not asleep up to the journal's end."""
        (self._ram.path / "projects").mkdir(mode=0o700, exist_ok=True)
        await self._awake(self._memory_file)
        await self.replay()

    async def close(self) -> None:
        """Waits for the writes that were asked for."""
        for file in (*self._files.values(), self._memory_file):
            await file.close()

    async def replay(self) -> None:
        """Applies what the journal has and a file lacks. OverLimit when the disk is full."""
        await self._catch_up_memory(self.memory)
        for each in await self.known():
            shelved = None if self._is_there(each) else self._asleep.all().get(each)
            if shelved is None or await self._journal.rows(shelved.lsn, 1, each):
                await self._replay_project(each)
                await self._accountant.relax({each})

    async def apply(self, steps: Sequence[Step], blobs: Blobs) -> None:
        """One batch: a transaction for each file that it touches, all at the same time."""
        self._ram.verify()
        by_project: dict[ProjectId, list[Step]] = {}
        for step in steps:
            if step.project:
                by_project.setdefault(step.project, []).append(step)
        outcomes = await asyncio.gather(
            self._apply_memory(self.memory, steps),
            *(self._apply_project(p, own, blobs) for p, own in by_project.items()),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def project(self, project_id: ProjectId) -> Shard:
        """A project's file, awake. Should it go to sleep after this, using it wakes it again.

        OverLimit when there is no room for it; Corrupt when no copy of it is left.
        """
        shard = self._shard(project_id)
        await self._awake(self._files[project_id])
        return shard

    @asynccontextmanager
    async def kept_awake(self, project_id: ProjectId) -> AsyncGenerator[Shard]:
        """A project's file, which does not go to sleep while the block runs."""
        shard = self._shard(project_id)
        async with self._files[project_id].awake():
            yield shard

    async def several(self, ids: Iterable[ProjectId]) -> list[tuple[ProjectId, Shard]]:
        """Files of these projects, awake."""
        return [(each, await self.project(each)) for each in ids]

    def file(self, project_id: ProjectId) -> Tended | None:
        """The file of a project that is awake; None when it is not."""
        file = self._files.get(project_id)
        return file if file is not None and file.is_awake else None

    def awake(self) -> list[ProjectId]:
        """Projects on the RAM disk."""
        return [project_id for project_id, file in self._files.items() if file.is_awake]

    def asleep(self) -> Mapping[ProjectId, Shelved]:
        """Projects on the SSD, by the copy that each is."""
        return {p: s for p, s in self._asleep.all().items() if self.file(p) is None}

    async def known(self) -> list[ProjectId]:
        """Every project: those of a journal that was cut are in memory.db alone."""
        named = await self.memory.database.read(metadata.names)
        return sorted({*named, *await self._journal.projects()})

    def knows(self, project_id: ProjectId) -> bool:
        """Something of it is here, awake or asleep."""
        return self.file(project_id) is not None or project_id in self._asleep.all()

    async def remake(self, name: str) -> None:
        """Puts a file away and opens it anew from the best copy and the journal after it. Who
        reads meanwhile sees the old file or waits for the new one."""
        file = self._memory_file if name == MEMORY else self._files.get(ProjectId(name))
        if file is not None:
            async with self.gone(file):
                reach("residency.remade")
        if name != MEMORY:
            await self._lexicon.drop(ProjectId(name))
            await self._nearest.drop(ProjectId(name))
        await self._opened_anew(name)

    @asynccontextmanager
    async def gone(self, file: Tended) -> AsyncGenerator[None]:
        """Takes a file from the RAM disk; who touches it waits until the block has ended."""
        async with file.turn:
            database = await file.put_away()
            # The last to close a file folds its log back, and a reader cannot.
            await self._readers.release(file.path)
            if database is not None:
                await database.close()
            discard(file.path)
            yield

    async def _opened_anew(self, name: str) -> None:
        if name == MEMORY:
            await self._awake(self._memory_file)
        else:
            await self.project(ProjectId(name))

    @staticmethod
    async def _awake(file: Tended) -> None:
        async with file.awake():
            pass

    def _shard(self, project_id: ProjectId) -> Shard:
        if project_id not in self._projects:
            path = self._path(project_id)
            file = Tended(path, partial(self._wake, project_id), self._ram.verify)
            self._files[project_id] = file
            self._projects[project_id] = Shard(file, 0, "")
        return self._projects[project_id]

    def _path(self, project_id: ProjectId) -> Path:
        return self._ram.path / "projects" / f"{project_id}.db"

    def _is_there(self, project_id: ProjectId) -> bool:
        return self._path(project_id).exists()

    # -- opening ------------------------------------------------------------------------------

    async def _open_memory(self) -> Database:
        schema = metadata.SCHEMA + "".join(applier.schema for applier in self._appliers)
        found = await self._open(MEMORY, self._memory_file.path, schema)
        for applier in self._appliers:
            await found.database.write(applier.opened)
        # Before anybody else writes into it: a newer record would hide that others are missing.
        await self._catch_up_memory(found)
        self.memory.applied, self.memory.generation = found.applied, found.generation
        return found.database

    async def _wake(self, project_id: ProjectId) -> Database:
        """Opens a project's file, from its copy when it sleeps, and brings it up to date."""
        async with self._room(project_id):
            found = await self._open(project_id, self._path(project_id), project.SCHEMA)
            await self._catch_up(project_id, found)
            await self._woken(project_id)
        shard = self._projects[project_id]
        shard.applied, shard.generation = found.applied, found.generation
        self._lexicon.changed(project_id, shard)
        return found.database

    @asynccontextmanager
    async def _room(self, project_id: ProjectId) -> AsyncGenerator[None]:
        """For a file that comes to the RAM disk; one that is there has its room."""
        path = self._path(project_id)
        shelved = None if path.exists() else self._asleep.all().get(project_id)
        room = shelved.bytes if shelved is not None else 0
        if room:
            await self._accountant.reserve(room, {project_id})
        before = _size(path)
        try:
            yield
        finally:
            self._accountant.release(room)
            self._accountant.grew(_size(path) - before)

    async def _woken(self, project_id: ProjectId) -> None:
        """Before anything more is applied to it: what is in the map is where it lies."""
        reach("residency.opened")
        if project_id in self._asleep.all():
            async with self.shelving:
                await asyncio.to_thread(self._asleep.remove, project_id)
            reach("residency.woken")

    async def _open(self, name: str, path: Path, schema: str) -> Shard:
        self._ram.verify()
        opened = await self._as_found(name, path, schema)
        if opened is not None:
            return opened
        await self._recovery.recover(name, path)
        return await self._as_recovered(name, path, schema)

    async def _as_found(self, name: str, path: Path, schema: str) -> Shard | None:
        """What lies on the RAM disk; None, and nothing there, when it is not to be trusted."""
        if _is_there(path):
            try:
                found = await self._at(path, schema)
                if found.applied >= self._recovery.minimum(name):
                    return found
                await found.database.close()
                why = f"it has {found.applied} and the journal no longer has what follows"
            except Corrupt as error:
                why = error.message
            log.warning("%s is discarded: %s", path, why)
            await self._readers.release(path)
        discard(path)
        return None

    async def _as_recovered(self, name: str, path: Path, schema: str) -> Shard:
        """The copy that was put there, or a new file."""
        try:
            return await self._at(path, schema)
        except Corrupt as error:
            if not self._reaches_back:
                raise
            log.warning("a copy of %s is passed over: %s", name, error.message)
        await self._readers.release(path)
        discard(path)
        return await self._at(path, schema)

    async def _at(self, path: Path, schema: str) -> Shard:
        return await Shard.open(
            path,
            self._readers,
            schema=schema,
            journal=self._journal.id,
            last_lsn=self._journal.last_lsn,
            migrate=None if self._reaches_back else self._migrate,
        )

    @property
    def _reaches_back(self) -> bool:
        return self._journal.first_lsn <= 1

    # -- applying -----------------------------------------------------------------------------

    async def _apply_memory(self, shard: Shard, steps: Sequence[Step]) -> None:
        def work(db: apsw.Connection, new: Sequence[Step]) -> None:
            metadata.apply(db, new, self._appliers)

        await shard.apply(steps, work)

    async def _apply_project(
        self, project_id: ProjectId, steps: Sequence[Step], blobs: Blobs
    ) -> None:
        # Awake before its position is looked at: waking may move it.
        await self._apply_to(project_id, await self.project(project_id), steps, blobs)

    async def _apply_to(
        self, project_id: ProjectId, shard: Shard, steps: Sequence[Step], blobs: Blobs
    ) -> None:
        def work(db: apsw.Connection, new: Sequence[Step]) -> Changed:
            with self._journal.fetching() as fetch:
                return project.apply(db, new, blobs, fetch, self._chunker)

        changed = await shard.apply(steps, work)
        if changed is not None and changed.chunks:
            self._lexicon.changed(project_id, self._projects[project_id])
            await self._nearest.forget(project_id, changed.dead)

    async def _catch_up_memory(self, shard: Shard) -> None:
        while rows := await self._journal.rows(shard.applied, REPLAY_RECORDS):
            await self._apply_memory(shard, [step_of(row) for row in rows])

    async def _replay_project(self, project_id: ProjectId) -> None:
        await self._catch_up(project_id, await self.project(project_id))

    async def _catch_up(self, project_id: ProjectId, shard: Shard) -> None:
        while rows := await self._journal.rows(shard.applied, REPLAY_RECORDS, project_id):
            await self._apply_to(project_id, shard, [step_of(row) for row in rows], {})


def _is_there(path: Path) -> bool:
    return path.exists()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
