"""Searches: exact ones over files, and the lists of candidates that retrieval fuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import apsw

from common.errors import Invalid
from common.model.answer import Freshness, Hit
from common.model.ids import ProjectId
from common.model.lake import SearchQuery, SearchResult
from dragon_node.lake import code, substrings
from dragon_node.lake.lexicon import Lexicon
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.projects import Projects
from dragon_node.lake.records import ChunkRef, Scored
from dragon_node.lake.shards import Shard
from dragon_node.lake.vectors import Vector

Search = Callable[[ProjectId, Shard], Awaitable[list[tuple[int, float]]]]
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
        return await self._exact(q, *substrings.literal_finder(_query(q)))

    async def regex(self, q: SearchQuery) -> SearchResult:
        """Every line that the expression matches, up to k, in path and line order."""
        return await self._exact(q, *substrings.regex_finder(_query(q)))

    async def by_words(self, query: str, k: int, project: str = "") -> list[Scored]:
        """By BM25 over words and parts of identifiers."""
        return await self._candidates(project, k, lambda p, s: self._lexicon.search(p, s, query, k))

    async def by_vector(self, vector: Vector, k: int, project: str = "") -> list[Scored]:
        """By cosine; the vector has unit length."""
        return await self._candidates(
            project, k, lambda p, s: self._nearest.search(p, s, vector, k)
        )

    async def by_symbol(self, names: Sequence[str], k: int, project: str = "") -> list[Scored]:
        """Where a function, class or type of such a name is defined."""
        return await self._candidates(
            project, k, lambda _, s: s.database.read(lambda db: code.by_name(db, names, k))
        )

    async def by_substring(self, text: str, k: int, project: str = "") -> list[Scored]:
        """Chunks that contain the exact text."""
        return await self._candidates(
            project, k, lambda _, s: s.database.read(lambda db: substrings.chunks_with(db, text, k))
        )

    async def chunks(self, refs: Sequence[ChunkRef]) -> list[Hit]:
        """The chunks with their text, in the order asked for; those that have gone are left out."""
        wanted: dict[ProjectId, list[int]] = {}
        for ref in refs:
            wanted.setdefault(ref.project, []).append(ref.chunk)
        found: dict[ChunkRef, Hit] = {}
        for project, shard in await self._projects.several(wanted):
            name, ids = self._projects.name(project), wanted[project]
            hits = await shard.database.read(partial(_hits, ids=ids, name=name))
            found |= {ChunkRef(project, i): hit for i, hit in hits if hit is not None}
        return [found[ref] for ref in refs if ref in found]

    async def _exact(
        self, q: SearchQuery, required: substrings.Required, find: substrings.Find
    ) -> SearchResult:
        limit = _limit(q.k, 10, "k")
        hits: list[Hit] = []
        named = [
            (self._projects.name(p), shard) for p, shard in await self._projects.matching(q.project)
        ]
        for name, shard in sorted(named, key=lambda pair: pair[0]):
            left = limit + 1 - len(hits)
            if left > 0:
                look = partial(
                    substrings.search, required=required, find=find, limit=left, project=name
                )
                hits += await shard.database.read(look)
        fresh = await self._freshness(q.project)
        return SearchResult(tuple(hits[:limit]), len(hits) <= limit, fresh)

    async def _candidates(self, project: str, k: int, search: Search) -> list[Scored]:
        found: list[Scored] = []
        for each, shard in await self._projects.matching(project):
            found += [Scored(ChunkRef(each, c), score) for c, score in await search(each, shard)]
        found.sort(key=lambda s: (-s.score, s.ref.project, s.ref.chunk))
        return found[:k]


def _hits(db: apsw.Connection, ids: Sequence[int], name: str) -> list[tuple[int, Hit | None]]:
    return [(i, code.hit_of(db, i, name)) for i in ids]


def _limit(asked: int, usual: int, name: str) -> int:
    if not 0 <= asked <= 1_000:
        raise Invalid(f"{name} is {asked}; it must be 1 to 1,000", field=name)
    return asked or usual


def _query(q: SearchQuery) -> str:
    if not q.query or len(q.query) > 4_096:
        raise Invalid("query must have 1 to 4,096 characters", field="query")
    return q.query
