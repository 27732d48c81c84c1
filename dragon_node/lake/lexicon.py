"""The word indexes of all projects on one thread, kept up with the chunks by a loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import apsw

from common.errors import OverLimit, Unavailable
from common.model.ids import ProjectId
from dragon_node.lake.shards import Shard
from dragon_node.lake.words import Batch, Words, lacking

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

COMMIT_S = 0.2
"""A change is committed after this long at the latest, if nobody asks before."""


class Lexicon:
    """Finds chunks by their words."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lake-words")
        self._indexes: dict[ProjectId, Words] = {}
        self._behind: dict[ProjectId, Shard] = {}
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()

    def changed(self, project: ProjectId, shard: Shard) -> None:
        """Chunks of the project came or went."""
        self._behind[project] = shard
        self._changed.set()

    @property
    def waiting(self) -> int:
        """Projects whose index is behind."""
        return len(self._behind)

    async def run(self) -> None:
        """Commits what has changed, until cancelled."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(COMMIT_S)  # so that a burst of saves is one commit
            self._changed.clear()
            for project, shard in list(self._behind.items()):
                try:
                    while not await self._step(project, shard):
                        pass
                except (Unavailable, OverLimit) as error:
                    # It stays behind: who searches is told, and the next change tries again.
                    log.warning("words of %s wait: %s", project, error.message)

    async def search(
        self, project: ProjectId, shard: Shard, query: str, k: int
    ) -> list[tuple[int, float]]:
        """Best first. What is not committed yet is, up to one commit's worth, before searching.

        Unavailable when the index cannot be written: what it lacks is not "nothing found".
        """
        if project in self._behind or project not in self._indexes:
            await self._step(project, shard)
        index = await self._index(project, shard)
        return await self._on_thread(index.search, query, k)

    async def close(self) -> None:
        """Releases tantivy's locks; what was not committed is indexed at the next start."""
        async with self._turn:
            for index in self._indexes.values():
                await self._on_thread(index.close)
            self._indexes.clear()
        self._pool.shutdown(wait=True)

    async def _step(self, project: ProjectId, shard: Shard) -> bool:
        """One commit; True when the index has then caught up."""
        async with self._turn:
            index = await self._index(project, shard)
            reached = index.reached
            batch = await shard.database.read(lambda db: lacking(db, reached))
            if batch.documents or batch.dead:
                await self._take(project, index, batch)
            if batch.dead:
                await shard.database.write(lambda db: _forget_dead(db, batch.lsn))
            if not batch.more and batch.lsn >= shard.applied:
                self._behind.pop(project, None)
            return not batch.more

    async def _take(self, project: ProjectId, index: Words, batch: Batch) -> None:
        try:
            await self._on_thread(index.take, batch)
        except Unavailable:
            del self._indexes[project]
            await self._on_thread(index.close)
            raise

    async def _index(self, project: ProjectId, shard: Shard) -> Words:
        if project not in self._indexes:
            self._indexes[project] = await self._on_thread(
                Words, self._directory / project, shard.generation
            )
        return self._indexes[project]

    async def _on_thread(self, fn: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        call = partial(fn, *args, **named)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


def _forget_dead(db: apsw.Connection, upto: int) -> None:
    db.execute("DELETE FROM gone WHERE lsn<=?", (upto,))
