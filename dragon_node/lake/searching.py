"""Searches: exact ones over files, and the lists of candidates that retrieval fuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

import apsw

from common.errors import Invalid
from common.model.answer import Freshness, Hit
from common.model.ids import ProjectId
from common.model.lake import SearchQuery, SearchResult
from dragon_node.lake import code, substrings
from dragon_node.lake.candidates import (
    Listing,
    ScoredChunk,
    hit_within,
    within,
)
from dragon_node.lake.lexicon import Lexicon
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.projects import Projects
from dragon_node.lake.records import ChunkRef, Scored
from dragon_node.lake.scope import EVERYWHERE, Scope, scope_of
from dragon_node.lake.shards import Shard
from dragon_node.lake.vectors import Vector

Search = Callable[[ProjectId, Shard], Awaitable[list[ScoredChunk]]]
Fresh = Callable[[str], Awaitable[Freshness]]


class Searching:
    """Asks every project's indexes and makes one list."""

    def __init__(
        self, projects: Projects, lexicon: Lexicon, nearest: Nearest, freshness: Fresh
    ) -> None:
        self._projects = projects
        self._lexicon = lexicon
        self._nearest = nearest
        self._freshness = freshness

    async def literal(self, q: SearchQuery) -> SearchResult:
        """Every line with the exact text, up to k, in path and line order."""
        return await self._exact(q, substrings.literal(_query(q)))

    async def regex(self, q: SearchQuery) -> SearchResult:
        """Every line that the expression matches, up to k, in path and line order."""
        return await self._exact(q, substrings.expression(_query(q)))

    async def by_words(
        self, query: str, k: int, project: str = "", scope: Scope = EVERYWHERE
    ) -> list[Scored]:
        """By BM25 over words and parts of identifiers."""
        return await self._candidates(
            project, k, scope, lambda p, s: self._lexicon.search(p, s, query, k, scope)
        )

    async def by_vector(
        self,
        vector: Vector,
        k: int,
        project: str = "",
        scope: Scope = EVERYWHERE,
        *,
        embedder: str = "",
    ) -> list[Scored]:
        """By cosine; the vector has unit length. Unavailable when a project has vectors of other
        embedders only; without a name it is the newest of each."""
        return await self._candidates(
            project,
            k,
            scope,
            lambda p, s: self._nearest.search(p, s, vector, k, embedder=embedder, scope=scope),
        )

    async def by_symbol(
        self, names: Sequence[str], k: int, project: str = "", scope: Scope = EVERYWHERE
    ) -> list[Scored]:
        """Where a function, class or type of such a name is defined."""
        return await self._listed(project, k, scope, lambda db, n: code.by_name(db, names, n))

    async def by_substring(
        self, text: str, k: int, project: str = "", scope: Scope = EVERYWHERE
    ) -> list[Scored]:
        """Chunks that contain the exact text."""
        return await self._listed(
            project, k, scope, lambda db, n: substrings.chunks_with(db, text, n)
        )

    async def chunks(self, refs: Sequence[ChunkRef], scope: Scope = EVERYWHERE) -> list[Hit]:
        """The chunks with their text as they stand in the scope, in the order asked for; those
        that have gone are left out."""
        wanted: dict[ProjectId, list[int]] = {}
        for ref in refs:
            wanted.setdefault(ref.project, []).append(ref.chunk)
        found: dict[ChunkRef, Hit] = {}
        for project, shard in await self._projects.several(wanted):
            name, ids = self._projects.name(project), wanted[project]
            hits = await shard.database.read(partial(_hits, ids=ids, name=name, scope=scope))
            found |= {ChunkRef(project, i): hit for i, hit in hits if hit is not None}
        return [found[ref] for ref in refs if ref in found]

    async def words_behind(self, project: str) -> int:
        """Records that a search by words does not see yet."""
        matching = await self._projects.matching(project)
        return sum([await self._lexicon.behind(each, shard) for each, shard in matching])

    async def _exact(self, q: SearchQuery, exact: substrings.Exact) -> SearchResult:
        if q.kind not in ("", "code"):
            raise Invalid("literal and regex search code alone", field="kind")
        limit, scope = _limit(q.k, 10, "k"), scope_of(q)
        hits: list[Hit] = []
        asked, asleep = await self._asked(q.project, scope)
        # Before the files are read: what arrives meanwhile is not claimed to have been seen.
        fresh = replace(await self._freshness(q.project), asleep=asleep)
        for project, shard in sorted(asked, key=lambda pair: self._projects.name(pair[0])):
            left = limit + 1 - len(hits)
            if left > 0:
                name = self._projects.name(project)
                look = partial(
                    substrings.search, exact=exact, limit=left, project=name, scope=scope
                )
                hits += await shard.database.read(look)
        complete = len(hits) <= limit and has_everything(fresh, q.working_copy)
        return SearchResult(tuple(hits[:limit]), complete, fresh)

    async def _listed(self, project: str, k: int, scope: Scope, listing: Listing) -> list[Scored]:
        return await self._candidates(
            project,
            k,
            scope,
            lambda _, s: s.database.read(lambda db: within(db, listing, k, scope)),
        )

    async def _candidates(self, project: str, k: int, scope: Scope, search: Search) -> list[Scored]:
        found: list[Scored] = []
        asked, _ = await self._asked(project, scope)
        for each, shard in asked:
            found += [Scored(ChunkRef(each, c), score) for c, score in await search(each, shard)]
        found.sort(key=lambda s: (-s.score, s.ref.project, s.ref.chunk))
        return found[:k]

    async def _asked(
        self, project: str, scope: Scope
    ) -> tuple[list[tuple[ProjectId, Shard]], tuple[str, ...]]:
        """The projects that are meant, and who among them sleeps on. Missing when none has the
        working copy that is."""
        if scope.working_copy:
            return await self._projects.holding(scope.working_copy, project), ()
        return await self._projects.asked(project)


def has_everything(fresh: Freshness, working_copy: str = "") -> bool:
    """Whether all that was asked is known as far as laptops have told of it: every event is
    applied, every file of the working copy (id or path; all when empty) is indexed, and nothing
    was left out."""
    place = working_copy.rstrip("/") or working_copy
    meant = [p for p in fresh.projects if place in ("", p.copy, p.working_copy)]
    behind = fresh.events_behind or any(p.files_behind for p in meant)
    return not (behind or fresh.asleep or fresh.not_asked)


def _hits(
    db: apsw.Connection, ids: Sequence[int], name: str, scope: Scope
) -> list[tuple[int, Hit | None]]:
    return [(i, hit_within(db, i, name, scope)) for i in ids]


def _limit(asked: int, usual: int, name: str) -> int:
    if not 0 <= asked <= 1_000:
        raise Invalid(f"{name} is {asked}; it must be 1 to 1,000", field=name)
    return asked or usual


def _query(q: SearchQuery) -> str:
    if not q.query or len(q.query) > 4_096:
        raise Invalid("query must have 1 to 4,096 characters", field="query")
    return q.query
