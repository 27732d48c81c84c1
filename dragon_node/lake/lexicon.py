"""The word indexes of all projects: one thread that keeps them up, another that searches."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import apsw

from common.errors import OverLimit, Unavailable
from common.model.ids import ProjectId
from dragon_node.lake.candidates import ScoredChunk, chunks_within, looked_at, standing, stood_for
from dragon_node.lake.scope import EVERYWHERE, Scope
from dragon_node.lake.shards import Shard
from dragon_node.lake.words.index import Batch, Words, lacking
from dragon_node.lake.words.splitting import query_terms
from dragon_node.lake.words.tail import Tail, read_tail, unseen
from dragon_node.lake.words.view import View

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

COMMIT_S = 0.2
"""A change is committed after this long at the latest."""
RETRY_S = 5.0
"""An index that could not be written is tried again after this long."""


class Lexicon:
    """Finds chunks by their words."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="lake-words")
        self._searching = ThreadPoolExecutor(1, thread_name_prefix="lake-words-search")
        self._indexes: dict[ProjectId, Words] = {}
        self._shards: dict[ProjectId, Shard] = {}
        self._behind: set[ProjectId] = set()
        self._tails: dict[ProjectId, Tail] = {}
        self._changed = asyncio.Event()
        self._turns: dict[ProjectId, asyncio.Lock] = {}
        self._opening = asyncio.Lock()

    def changed(self, project: ProjectId, shard: Shard) -> None:
        """Chunks of the project came or went."""
        self._shards[project] = shard
        self._behind.add(project)
        self._changed.set()

    @property
    def waiting(self) -> int:
        """Projects whose index is behind."""
        return len(self._behind)

    async def behind(self, project: ProjectId, shard: Shard) -> int:
        """Records that a search does not see yet: beyond the index and the tail that is scanned."""
        if project not in self._behind:
            return 0
        reached = (await self._index(project, shard)).reached
        return await shard.database.read(lambda db: unseen(db, reached))

    async def run(self) -> None:
        """Commits what has changed, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S if self._behind else None):
                    await self._changed.wait()
            await asyncio.sleep(COMMIT_S)  # so that a burst of saves is one commit
            self._changed.clear()
            await self.catch_up()

    async def catch_up(self) -> None:
        """Commits what has changed so far."""
        for project in list(self._behind):
            try:
                while not await self._step(project):
                    pass
            except (Unavailable, OverLimit) as error:
                # It stays behind: who searches is told, and it is tried again.
                log.warning("words of %s wait: %s", project, error.message)

    async def search(
        self, project: ProjectId, shard: Shard, query: str, k: int, scope: Scope = EVERYWHERE
    ) -> list[ScoredChunk]:
        """The k best within the scope, best first; fewer only when there are no more.

        It waits for no commit: what the index lacks is scanned in memory, as far as `behind` says.
        Unavailable when the index cannot be opened.
        """
        asked = query_terms(query)
        view = (await self._index(project, shard)).view
        lacks_some = project in self._behind  # of this view: a commit may come in between
        found = await self._committed(shard, view, asked, k, scope)
        if lacks_some:
            found = _merged(found, await self._tail(project, shard, view, asked, scope))
        return found[:k]

    async def drop(self, project: ProjectId) -> None:
        """The project goes to sleep: its index is removed. It is made anew at the next touch."""
        async with self._turn(project):
            self._behind.discard(project)
            self._shards.pop(project, None)
            self._tails.pop(project, None)
            async with self._opening:  # a search must not open what is being removed
                index = self._indexes.pop(project, None)
                if index is not None:
                    await self._on(self._writing, index.close)
                await self._on(self._writing, _remove, self._directory / project)

    async def purge(self, project: ProjectId) -> None:
        """Makes the index anew of what the project's file holds now; the old one is overwritten
        by nothing and removed whole. A search sees the old one or the new one."""
        self._tails.pop(project, None)
        shard = self._shards.get(project)
        if shard is None:
            await self.drop(project)
            return
        async with self._turn(project):
            old = await self._index(project, shard)
            fresh = await self._on(self._writing, old.beside)
            more = True
            while more:
                batch = await self._lacking(shard, fresh)
                await self._on(self._writing, fresh.take, batch)
                more = batch.more
            await self._on(self._writing, old.close)
            await self._on(self._writing, fresh.stand)
            self._indexes[project] = fresh
            await self._on(self._writing, fresh.rest)

    async def remake(self, project: ProjectId, shard: Shard) -> None:
        """Makes the index anew of what the project's file holds now."""
        self._shards.setdefault(project, shard)
        await self.purge(project)

    async def close(self) -> None:
        """Releases tantivy's locks; what was not committed is indexed at the next start."""
        for project in list(self._indexes):
            async with self._turn(project):
                await self._on(self._writing, self._indexes.pop(project).close)
        self._writing.shutdown(wait=True)
        self._searching.shutdown(wait=True)

    async def _committed(
        self, shard: Shard, view: View, asked: list[str], k: int, scope: Scope
    ) -> list[ScoredChunk]:
        """A few more than are wanted, as usually enough of them remain; else the allowed alone."""
        looked = looked_at(k, scope)
        found = await self._on(self._searching, view.search, asked, looked)
        kept = await _standing(shard, found, scope)
        if len(kept) < k and len(found) == looked:
            allow = await shard.database.read(lambda db: chunks_within(db, scope))
            found = await self._on(self._searching, view.search, asked, k, allow)
            kept = await _standing(shard, found, scope)
        return kept[:k]

    async def _tail(
        self, project: ProjectId, shard: Shard, view: View, asked: list[str], scope: Scope
    ) -> list[ScoredChunk]:
        before = self._tails.get(project, Tail())
        tail = await shard.database.read(lambda db: read_tail(db, view.reached, before))
        self._tails[project] = tail
        known = await self._on(self._searching, view.statistics, asked)
        return await _standing(shard, tail.search(asked, known), scope)

    async def _step(self, project: ProjectId) -> bool:
        """One commit; True when the index has then caught up."""
        async with self._turn(project):
            shard = self._shards.get(project)
            if shard is None:
                return True
            index = await self._index(project, shard)
            batch = await self._lacking(shard, index)
            if batch.documents or batch.dead:
                await self._take(project, index, batch)
            if batch.dead:
                await shard.database.write(lambda db: _forget_dead(db, batch.lsn))
            if not batch.more and batch.lsn >= shard.applied:
                self._behind.discard(project)
                self._tails.pop(project, None)
                await self._on(self._writing, index.rest)
            return not batch.more

    async def _lacking(self, shard: Shard, index: Words) -> Batch:
        reached = index.reached
        return await shard.database.read(lambda db: lacking(db, reached))

    async def _take(self, project: ProjectId, index: Words, batch: Batch) -> None:
        try:
            await self._on(self._writing, index.take, batch)
        except Unavailable:
            del self._indexes[project]
            await self._on(self._writing, index.close)
            raise

    async def _index(self, project: ProjectId, shard: Shard) -> Words:
        async with self._opening:
            if project not in self._indexes:
                self._shards.setdefault(project, shard)
                opened = partial(Words.open, self._directory / project, shard.generation)
                self._indexes[project] = await self._on(self._writing, opened)
                if self._indexes[project].reached < shard.applied:
                    self.changed(project, shard)  # it was dropped, and is made anew from here
            return self._indexes[project]

    def _turn(self, project: ProjectId) -> asyncio.Lock:
        return self._turns.setdefault(project, asyncio.Lock())

    async def _on(
        self, pool: ThreadPoolExecutor, fn: Callable[P, T], *args: P.args, **named: P.kwargs
    ) -> T:
        call = partial(fn, *args, **named)
        return await asyncio.get_running_loop().run_in_executor(pool, call)


def _merged(committed: list[ScoredChunk], tail: list[ScoredChunk]) -> list[ScoredChunk]:
    """Best first. A chunk that is in both was committed a moment ago."""
    best = dict(tail) | dict(committed)
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))


async def _standing(shard: Shard, found: list[ScoredChunk], scope: Scope) -> list[ScoredChunk]:
    stands = await shard.database.read(lambda db: standing(db, (c for c, _ in found), scope))
    return stood_for(found, stands)


def _remove(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)


def _forget_dead(db: apsw.Connection, upto: int) -> None:
    db.execute("DELETE FROM gone WHERE lsn<=?", (upto,))
