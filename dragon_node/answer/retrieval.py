"""Finds the places in code that a question is about, and says of each why."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from common.errors import OverLimit, Unavailable
from common.model.answer import Freshness, Hit
from common.model.lake import SearchQuery, SearchResult
from dragon_node.answer import question
from dragon_node.answer.fusion import Candidates, Fused, fuse
from dragon_node.inference.embedder import Embedder, Vector
from dragon_node.lake.records import ChunkRef, Scored

LISTED = 100
"""Candidates of words and of vectors that are fused, as measured."""
NAMED = 50
"""Candidates by name and by substring."""


class SearchedLake(Protocol):
    """What of the lake retrieval needs; each list best first."""

    async def by_words(self, query: str, k: int, project: str) -> list[Scored]:
        """By BM25."""
        ...

    async def by_vector(self, vector: Vector, k: int, project: str) -> list[Scored]:
        """By cosine."""
        ...

    async def by_symbol(self, names: Sequence[str], k: int, project: str) -> list[Scored]:
        """By the names of definitions."""
        ...

    async def by_substring(self, text: str, k: int, project: str) -> list[Scored]:
        """By exact text."""
        ...

    async def chunks(self, refs: Sequence[ChunkRef]) -> list[Hit]:
        """The chunks with their text, in this order."""
        ...

    async def literal(self, q: SearchQuery) -> SearchResult:
        """Every line with the exact text."""
        ...

    async def regex(self, q: SearchQuery) -> SearchResult:
        """Every line that matches."""
        ...

    async def freshness(self, project: str = "") -> Freshness:
        """How much an answer knows about."""
        ...


@dataclass(frozen=True, slots=True)
class Passage:
    """A hit with the evidence for it."""

    hit: Hit
    evidence: Fused
    words: tuple[str, ...]
    """The question's words that it contains."""


class Retrieval:
    """Search over a lake, with an embedder that may not have arrived yet."""

    def __init__(self, lake: SearchedLake, embedder: Embedder) -> None:
        self._lake = lake
        self._embedder = embedder

    async def search(self, q: SearchQuery) -> SearchResult:
        """Fused here; literal and regex by the lake alone, complete and in path order."""
        match q.mode:
            case "literal":
                return await self._lake.literal(q)
            case "regex":
                return await self._lake.regex(q)
            case "fused":
                passages = await self.passages(q.query, q.project, q.k + 1)
        return SearchResult(
            hits=tuple(p.hit for p in passages[: q.k]),
            complete=len(passages) <= q.k,
            freshness=await self._lake.freshness(q.project),
        )

    async def passages(self, asked: str, project: str, k: int) -> list[Passage]:
        """The best k, best first; without vectors as long as there is no embedder."""
        fused = fuse(await self._candidates(asked, project), k)
        words = question.content_words(asked)
        names, quotes = question.named(asked), question.quoted(asked)
        return [
            _passage(hit, found, words, names, quotes) for hit, found in await self._texts(fused)
        ]

    async def freshness(self, project: str) -> Freshness:
        """How much an answer about a project knows about."""
        return await self._lake.freshness(project)

    async def _candidates(self, asked: str, project: str) -> Candidates:
        words = question.without_stop_words(asked)
        names = question.named(asked)
        substrings: list[Scored] = []
        for text in question.quoted(asked):
            substrings += await self._lake.by_substring(text, NAMED, project)
        return Candidates(
            vectors=await self._by_meaning(asked, project),
            words=await self._lake.by_words(words, LISTED, project),
            symbols=await self._lake.by_symbol(names, NAMED, project) if names else (),
            substrings=substrings,
        )

    async def _by_meaning(self, asked: str, project: str) -> Sequence[Scored]:
        try:
            vectors = await self._embedder.embed([asked], query=True)
        except (Unavailable, OverLimit):
            return ()  # words, names and text still answer; no reason will speak of meaning
        return await self._lake.by_vector(vectors[0], LISTED, project)

    async def _texts(self, fused: Sequence[Fused]) -> list[tuple[Hit, Fused]]:
        hits = await self._lake.chunks([f.ref for f in fused])
        if len(hits) == len(fused):
            return list(zip(hits, fused, strict=True))
        # A file changed since the lists were made and took a chunk with it: one by one.
        return [(hit, f) for f in fused for hit in await self._lake.chunks([f.ref])]


def _passage(
    hit: Hit,
    found: Fused,
    words: tuple[str, ...],
    names: tuple[str, ...],
    quotes: tuple[str, ...],
) -> Passage:
    there = question.covered(words, f"{hit.symbol} {hit.path} {hit.text}")
    why = _why(hit, found, there, names, quotes)
    return Passage(dataclasses.replace(hit, score=round(found.score, 4), why=why), found, there)


def _why(
    hit: Hit,
    found: Fused,
    there: tuple[str, ...],
    names: tuple[str, ...],
    quotes: tuple[str, ...],
) -> tuple[str, ...]:
    reasons: list[str] = []
    if found.symbol:
        # A chunk may hold several definitions, so its own name need not be the one asked for.
        defined = [n for n in names if n.split(".")[-1].lower() in hit.text.lower()]
        name = defined[0] if defined else hit.symbol
        reasons.append(f"symbol: {name}" if name else "symbol")
    if found.substring:
        text = next((t for t in quotes if t in hit.text), "")
        reasons.append(f"exact text: {text}" if text else "exact text")
    if found.cosine is not None:
        reasons.append("meaning")
    if found.bm25 is not None:
        reasons.append("words: " + ", ".join(there[:4]) if there else "words")
    return tuple(reasons)
