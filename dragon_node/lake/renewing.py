"""Makes anew what is derived from a project's file, and takes out of files what is free in them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

import apsw

from common.model.lake import LakeStep
from dragon_node.lake.accountant import Accountant
from dragon_node.lake.database import Database
from dragon_node.lake.forgetting.scrubbing import scrub
from dragon_node.lake.lexicon import Lexicon
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.projects import Projects
from dragon_node.lake.shards import Shard
from dragon_node.lake.stores import Stores

Steps = AsyncGenerator[LakeStep]


class Renewing:
    """Long work, told step by step; the last one is ended. Closing it leaves everything usable."""

    def __init__(
        self,
        stores: Stores,
        projects: Projects,
        lexicon: Lexicon,
        nearest: Nearest,
        accountant: Accountant,
    ) -> None:
        self._stores = stores
        self._projects = projects
        self._lexicon = lexicon
        self._nearest = nearest
        self._accountant = accountant

    async def reindex(self, project: str) -> Steps:
        """Words and indexes of vectors of a project, from its file. A search sees the old ones or
        the new ones. Missing when there is no such project."""
        found = await self._projects.matching(project)
        for done, (each, shard) in enumerate(found):
            name = self._projects.name(each) or each
            yield LakeStep("words", 3 * done, 3 * len(found), name)
            await self._lexicon.remake(each, shard)
            yield LakeStep("vectors", 3 * done + 1, 3 * len(found), name)
            await self._nearest.drop(each)
            await self._nearest.load(each, shard)
            yield LakeStep("indexed", 3 * done + 2, 3 * len(found), name)
        counted = await self._projects.counted(project)
        chunks, embedded = (sum(c.chunks for c in counted), sum(c.embedded for c in counted))
        sentence = f"{chunks:,} chunks are indexed by their words, {embedded:,} by their meaning"
        yield LakeStep("done", 3 * len(found), 3 * len(found), sentence, ended=True)

    async def compact(self) -> Steps:
        """Free pages of the files of projects that are awake and of what is known across them,
        and vectors on the SSD that no project has. OverLimit when there is no room to rewrite."""
        awake = self._stores.awake()
        total, freed = len(awake) + 2, 0
        for done, project in enumerate(awake):
            yield LakeStep("file", done, total, self._projects.name(project) or project)
            shard = await self._stores.project(project)
            freed += await self._rewritten(shard.database)
        yield LakeStep("file", len(awake), total, "what is known across projects")
        freed += await self._rewritten(self._stores.memory.database)
        yield LakeStep("vectors", len(awake) + 1, total, "on the SSD")
        gone = await self._nearest.sweep(self._awake)
        sentence = f"{freed:,} bytes are free again, and {gone:,} vectors of what is gone erased"
        yield LakeStep("done", total, total, sentence, ended=True)

    async def _rewritten(self, database: Database) -> int:
        """Bytes that were free in it."""
        before = await database.read(_bytes)
        await self._accountant.reserve(before)
        try:
            await database.alone(scrub)
        finally:
            self._accountant.release(before)
        return max(0, before - await database.read(_bytes))

    async def _awake(self) -> AsyncIterator[Shard]:
        for project in self._stores.awake():
            yield await self._stores.project(project)


def _bytes(db: apsw.Connection) -> int:
    pages, size = (db.pragma(name) for name in ("page_count", "page_size"))
    return int(pages) * int(size)
