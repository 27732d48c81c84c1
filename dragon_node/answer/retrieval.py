"""Finds what a question is about, in code, events and failures, and says of each why."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.errors import Invalid
from common.model.answer import Freshness, Hit
from common.model.lake import SearchQuery, SearchResult
from dragon_node.answer.fusion import Candidates, EventRef, Fused, Told, fuse
from dragon_node.answer.gathering import Gathering, Lists, Recalls, SearchedLake
from dragon_node.answer.why import Asked, reasons
from dragon_node.inference.embedding.embedder import Embedder
from dragon_node.lake.records import ChunkRef
from dragon_node.lake.scope import Scope, scope_of
from dragon_node.lake.searching import has_everything

K_MAX, K_USUAL = 1_000, 10
QUERY_CHARACTERS_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Passage:
    """A hit with the evidence for it."""

    hit: Hit
    evidence: Fused
    words: tuple[str, ...]
    """The question's words that it contains."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found."""

    passages: tuple[Passage, ...]
    """Best first."""
    complete: bool
    """False when a limit cut a list, or an index lacked something: freshness says what."""
    freshness: Freshness


class Retrieval:
    """Search over a lake, with an embedder that may not have arrived yet."""

    def __init__(
        self, lake: SearchedLake, embedder: Embedder, failures: Recalls | None = None
    ) -> None:
        self._lake = lake
        self._gathering = Gathering(lake, embedder, failures)

    async def search(self, q: SearchQuery) -> SearchResult:
        """Fused here; literal and regex by the lake alone, complete and in path order."""
        match q.mode:
            case "literal":
                return await self._lake.literal(q)
            case "regex":
                return await self._lake.regex(q)
            case "fused":
                found = await self.find(q)
        return SearchResult(
            hits=tuple(passage.hit for passage in found.passages),
            complete=found.complete,
            freshness=found.freshness,
        )

    async def find(self, q: SearchQuery) -> Found:
        """The best k, best first; without vectors as long as there is no embedder, and then it
        says so. Unavailable when the index of words cannot answer."""
        q, asked = _checked(q), Asked.of(q.query)
        fresh = await self._lake.freshness(q.project)
        lists = await self._gathering.lists(q, asked, fresh)
        fused = fuse(_candidates(lists, asked), q.k + 1)
        hits = await self._hits(fused[: q.k], lists.told, scope_of(q))
        if fresh.asleep:  # the question may have woken them
            fresh = await self._lake.freshness(q.project)
        fresh = dataclasses.replace(fresh, not_asked=(*fresh.not_asked, *lists.not_asked))
        cut = lists.full or len(fused) > q.k
        return Found(
            tuple(_passage(hit, found, asked) for hit, found in hits),
            complete=not cut and _is_whole(fresh, q),
            freshness=fresh,
        )

    async def _hits(
        self, fused: Sequence[Fused], told: Mapping[EventRef, Hit], scope: Scope
    ) -> list[tuple[Hit, Fused]]:
        refs = [f.ref for f in fused if isinstance(f.ref, ChunkRef)]
        chunks = await self._lake.chunks(refs, scope)
        if len(chunks) != len(refs):
            # A file changed since the lists were made and took a chunk with it: one by one.
            return [pair for f in fused for pair in await self._one(f, told, scope)]
        following = iter(chunks)
        return [(told[f.ref] if isinstance(f.ref, EventRef) else next(following), f) for f in fused]

    async def _one(
        self, found: Fused, told: Mapping[EventRef, Hit], scope: Scope
    ) -> Sequence[tuple[Hit, Fused]]:
        if isinstance(found.ref, EventRef):
            return [(told[found.ref], found)]
        return [(hit, found) for hit in await self._lake.chunks([found.ref], scope)]


def _checked(q: SearchQuery) -> SearchQuery:
    if not q.query or len(q.query) > QUERY_CHARACTERS_MAX:
        raise Invalid(f"query must have 1 to {QUERY_CHARACTERS_MAX:,} characters", field="query")
    if not 0 <= q.k <= K_MAX:
        raise Invalid(f"k is {q.k}; it must be 1 to {K_MAX:,}", field="k")
    return dataclasses.replace(q, k=q.k or K_USUAL)


def _is_whole(fresh: Freshness, q: SearchQuery) -> bool:
    """Whether every index had everything: meaning and words are asked about code alone."""
    of_code = q.kind in ("", "code")
    indexed = not of_code or (fresh.vectors_share >= 1.0 and not fresh.words_behind)
    return indexed and has_everything(fresh, q.working_copy)


def _candidates(lists: Lists, asked: Asked) -> Candidates:
    told = [
        Told(ref, len(asked.covered(hit)) / max(1, len(asked.words)))
        for ref, hit in lists.told.items()
    ]
    return Candidates(lists.vectors, lists.words, lists.symbols, lists.substrings, told)


def _passage(hit: Hit, found: Fused, asked: Asked) -> Passage:
    there = asked.covered(hit)
    why = reasons(hit, found, asked, there)
    return Passage(dataclasses.replace(hit, score=round(found.score, 4), why=why), found, there)
