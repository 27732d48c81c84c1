"""Asks every index for its candidates and the memory for what happened, within one scope."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from common.errors import OverLimit, PostDevAIError, Unavailable
from common.model.answer import Freshness, Hit
from common.model.failure import Recollection
from common.model.lake import HistoryPage, HistoryQuery, SearchQuery, SearchResult
from dragon_node.answer import question
from dragon_node.answer.fusion import EventRef
from dragon_node.answer.telling import event_hit, failure_hit, what
from dragon_node.answer.why import Asked
from dragon_node.failures.within import Within
from dragon_node.inference.embedding.embedder import Embedder, Vector, Vectors
from dragon_node.lake.history.wording import words_of
from dragon_node.lake.records import ChunkRef, Scored
from dragon_node.lake.scope import Scope, scope_of

LISTED = 100
"""Candidates of words and of vectors that are fused, as measured; more when more are wanted."""
NAMED = 50
"""Candidates by name and by substring."""
TOLD = 20
"""Events for the question's words, and for each text that it quotes."""
TOLD_WORDS_MAX = 16
MEANING_S = 5.0
"""A question waits for its vector so long at most: the embedder may wait for memory."""


class SearchedLake(Protocol):
    """What of the lake retrieval needs; each list best first, and complete unless it is full."""

    async def by_words(self, query: str, k: int, project: str, scope: Scope) -> list[Scored]:
        """By BM25."""
        ...

    async def by_vector(
        self, vector: Vector, k: int, project: str, scope: Scope, *, embedder: str
    ) -> list[Scored]:
        """By cosine."""
        ...

    async def by_symbol(
        self, names: Sequence[str], k: int, project: str, scope: Scope
    ) -> list[Scored]:
        """By the names of definitions."""
        ...

    async def by_substring(self, text: str, k: int, project: str, scope: Scope) -> list[Scored]:
        """By exact text."""
        ...

    async def chunks(self, refs: Sequence[ChunkRef], scope: Scope) -> list[Hit]:
        """The chunks with their text, in this order."""
        ...

    async def history(self, q: HistoryQuery) -> HistoryPage:
        """Events with all of these words, newest first."""
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


class Recalls(Protocol):
    """The failure memory."""

    async def by_text(self, text: str, within: Within) -> Recollection:
        """The failure nearest in words of those within these bounds."""
        ...


@dataclass(slots=True)
class Lists:
    """Candidates as they come in, and what is known about the lists themselves."""

    vectors: Sequence[Scored] = ()
    words: Sequence[Scored] = ()
    symbols: Sequence[Scored] = ()
    substrings: Sequence[Scored] = ()
    told: dict[EventRef, Hit] = dataclasses.field(default_factory=dict[EventRef, Hit])
    full: bool = False
    not_asked: tuple[str, ...] = ()

    def take(self, found: Sequence[Scored], limit: int) -> Sequence[Scored]:
        """A list that is as long as it may be has been cut."""
        self.full = self.full or len(found) >= limit
        return found


class Gathering:
    """Makes the lists for one question after another."""

    def __init__(
        self,
        lake: SearchedLake,
        embedder: Embedder,
        failures: Recalls | None,
        *,
        meaning_s: float = MEANING_S,
    ) -> None:
        """`meaning_s`: after so long without a vector the words answer alone."""
        self._lake = lake
        self._embedder = embedder
        self._failures = failures
        self._meaning_s = meaning_s

    async def lists(self, q: SearchQuery, asked: Asked, fresh: Freshness) -> Lists:
        """Every list of the query's kind. Unavailable when the index of words cannot answer."""
        lists = Lists()
        if q.kind in ("", "code"):
            await asyncio.gather(
                self._by_meaning(q, lists), self._by_words(q, lists), self._by_text(q, asked, lists)
            )
        if not q.path and not q.language:  # which only code has
            await asyncio.gather(
                self._of_events(q, asked, fresh, lists), self._of_failures(q, asked, fresh, lists)
            )
        return lists

    async def _by_meaning(self, q: SearchQuery, lists: Lists) -> None:
        limit = max(LISTED, q.k)
        try:
            vectors = await self._vector(q.query)
            found = await self._lake.by_vector(
                vectors[0], limit, q.project, scope_of(q), embedder=self._embedder.id
            )
        except (Unavailable, OverLimit) as error:
            # Words, names and text still answer; no reason will speak of meaning.
            lists.not_asked += (f"meaning: {error.message}",)
            return
        lists.vectors = lists.take(found, limit)

    async def _vector(self, query: str) -> Vectors:
        """Unavailable for whatever keeps the embedder from it."""
        try:
            async with asyncio.timeout(self._meaning_s):
                return await self._embedder.embed([query], query=True)
        except TimeoutError:
            raise Unavailable(f"no vector within {self._meaning_s:g} s") from None
        except PostDevAIError as why:
            raise Unavailable(why.message) from why

    async def _by_words(self, q: SearchQuery, lists: Lists) -> None:
        limit = max(LISTED, q.k)
        words = question.without_stop_words(q.query)
        found = await self._lake.by_words(words, limit, q.project, scope_of(q))
        lists.words = lists.take(found, limit)

    async def _by_text(self, q: SearchQuery, asked: Asked, lists: Lists) -> None:
        limit, scope = max(NAMED, q.k), scope_of(q)
        if asked.names:
            named = await self._lake.by_symbol(asked.names, limit, q.project, scope)
            lists.symbols = lists.take(named, limit)
        quoted: list[Scored] = []
        for text in asked.quotes:
            found = await self._lake.by_substring(text, limit, q.project, scope)
            quoted += lists.take(found, limit)
        lists.substrings = quoted

    async def _of_events(
        self, q: SearchQuery, asked: Asked, fresh: Freshness, lists: Lists
    ) -> None:
        if q.kind not in ("", "event"):
            return
        limit = max(TOLD, q.k)
        places = {p.copy: p.working_copy for p in fresh.projects}
        texts = (" ".join(asked.words[:TOLD_WORDS_MAX]), *asked.quotes)
        for text in dict.fromkeys(filter(words_of, texts)):  # events are found by words alone
            page = await self._lake.history(_events_with(text, limit, q))
            lists.full = lists.full or len(page.entries) >= limit
            for entry in page.entries:
                hit = event_hit(entry, asked.words, places.get(entry.event.working_copy, ""))
                hit = dataclasses.replace(hit, why=(f"event: {what(entry.event)}",))
                lists.told[EventRef("event", hit.event)] = hit

    async def _of_failures(
        self, q: SearchQuery, asked: Asked, fresh: Freshness, lists: Lists
    ) -> None:
        if q.kind not in ("", "failure") or self._failures is None:
            return
        within = Within(q.project, q.working_copy, q.since_ms, q.until_ms)
        found = await self._failures.by_text(q.query, within)
        inside = found.occurrences
        hit = failure_hit(found, inside, _place_of(inside[0].cwd, fresh) if inside else "")
        if hit is not None:
            times = f"failure: {len(inside)} times" if len(inside) > 1 else "failure: once"
            lists.told[EventRef("failure", hit.event)] = dataclasses.replace(hit, why=(times,))


def _events_with(text: str, limit: int, q: SearchQuery) -> HistoryQuery:
    return HistoryQuery(
        limit=limit,
        project=q.project,
        since_ms=q.since_ms,
        until_ms=q.until_ms,
        working_copy=q.working_copy,
        text=text,
    )


def _place_of(cwd: str, fresh: Freshness) -> str:
    """The innermost working copy that a directory lies in; the directory itself when in none."""
    places = [p.working_copy for p in fresh.projects if _holds(p.working_copy, cwd)]
    return max(places, key=len, default=cwd)


def _holds(place: str, cwd: str) -> bool:
    return f"{cwd}/".startswith(f"{place.rstrip('/')}/")
