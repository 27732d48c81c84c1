"""memory.db and the projects' files: opened, applied and replayed, each for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import apsw

from common.model.ids import ProjectId
from dragon_node.lake import metadata, project
from dragon_node.lake.code import Changed
from dragon_node.lake.database import Readers
from dragon_node.lake.journal import Journal
from dragon_node.lake.lexicon import Lexicon
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.records import Applier, Blobs, Chunker
from dragon_node.lake.shards import Shard, Step, step_of

REPLAY_RECORDS = 500
"""Records of one transaction while replaying."""


class Stores:
    """Everything on the RAM disk that the journal can rebuild."""

    def __init__(
        self,
        directory: Path,
        readers: Readers,
        journal: Journal,
        appliers: Sequence[Applier],
        chunker: Chunker,
        lexicon: Lexicon,
        nearest: Nearest,
    ) -> None:
        self.memory: Shard
        self._directory = directory
        self._readers = readers
        self._journal = journal
        self._appliers = appliers
        self._chunker = chunker
        self._lexicon = lexicon
        self._nearest = nearest
        self._projects: dict[ProjectId, Shard] = {}
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Opens memory.db, and brings every file up to the journal's end."""
        _make(self._directory / "projects")
        schema = metadata.SCHEMA + "".join(applier.schema for applier in self._appliers)
        self.memory = await self._shard(self._directory / "memory.db", schema)
        await self.replay()

    async def close(self) -> None:
        """Waits for the writes that were asked for."""
        for shard in (*self._projects.values(), self.memory):
            await shard.database.close()
        self._projects.clear()

    async def replay(self) -> None:
        """Applies what the journal has and a file lacks. OverLimit when the disk is full."""
        await self._replay_memory()
        for each in await self._journal.projects():
            await self._replay_project(each)

    async def apply(self, steps: Sequence[Step], blobs: Blobs) -> None:
        """One batch: a transaction for each file that it touches, all at the same time."""
        by_project: dict[ProjectId, list[Step]] = {}
        for step in steps:
            if step.project:
                by_project.setdefault(step.project, []).append(step)
        outcomes = await asyncio.gather(
            self._apply_memory(steps),
            *(self._apply_project(p, own, blobs) for p, own in by_project.items()),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def project(self, project_id: ProjectId) -> Shard:
        """A project's file, opened when it is first touched."""
        async with self._opening:
            if project_id not in self._projects:
                path = self._directory / "projects" / f"{project_id}.db"
                shard = await self._shard(path, project.SCHEMA)
                self._projects[project_id] = shard
                self._lexicon.changed(project_id, shard)
            return self._projects[project_id]

    async def several(self, ids: Iterable[ProjectId]) -> list[tuple[ProjectId, Shard]]:
        """Files of these projects."""
        return [(each, await self.project(each)) for each in ids]

    async def _shard(self, path: Path, schema: str) -> Shard:
        return await Shard.open(
            path,
            self._readers,
            schema=schema,
            journal=self._journal.id,
            last_lsn=self._journal.last_lsn,
        )

    async def _apply_memory(self, steps: Sequence[Step]) -> None:
        def work(db: apsw.Connection, new: Sequence[Step]) -> None:
            metadata.apply(db, new, self._appliers)

        await self.memory.apply(steps, work)

    async def _apply_project(
        self, project_id: ProjectId, steps: Sequence[Step], blobs: Blobs
    ) -> None:
        def work(db: apsw.Connection, new: Sequence[Step]) -> Changed:
            with self._journal.fetching() as fetch:
                return project.apply(db, new, blobs, fetch, self._chunker)

        shard = await self.project(project_id)
        changed = await shard.apply(steps, work)
        if changed is not None and changed.chunks:
            self._lexicon.changed(project_id, shard)
            await self._nearest.forget(project_id, changed.dead)

    async def _replay_memory(self) -> None:
        while rows := await self._journal.rows(self.memory.applied, REPLAY_RECORDS):
            await self._apply_memory([step_of(row) for row in rows])

    async def _replay_project(self, project_id: ProjectId) -> None:
        shard = await self.project(project_id)
        while rows := await self._journal.rows(shard.applied, REPLAY_RECORDS, project_id):
            await self._apply_project(project_id, [step_of(row) for row in rows], {})


def _make(directory: Path) -> None:
    directory.mkdir(mode=0o700, exist_ok=True)
