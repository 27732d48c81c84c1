"""A lake of a few passages with the scores that a test gives them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from common.model.answer import Freshness, Hit, ProjectFreshness
from common.model.ids import ContentHash, ProjectId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery, SearchQuery, SearchResult
from dragon_node.inference.embedding.embedder import Vector
from dragon_node.lake.records import ChunkRef, Scored
from dragon_node.lake.scope import Scope

PROJECT = ProjectId("p" * 16)
FRESH = Freshness((ProjectFreshness("thing", "/code/thing", "a" * 40, "a" * 40, 0),), 0, 1.0)


def passage(number: int, text: str, symbol: str = "") -> Hit:
    """A hit in `thing`."""
    return Hit(
        project="thing",
        working_copy="/code/thing",
        path=f"thing/file{number}.py",
        start_line=number,
        end_line=number + text.count("\n"),
        symbol=symbol,
        blob=ContentHash(f"{number:032x}"),
        text=text,
    )


def scored(**scores: float) -> list[Scored]:
    """`c3=0.7` is chunk 3 with 0.7; best first."""
    listed = [Scored(ChunkRef(PROJECT, int(name[1:])), score) for name, score in scores.items()]
    return sorted(listed, key=lambda s: -s.score)


@dataclass
class FewPassages:
    """What retrieval needs of a lake."""

    hits: dict[int, Hit] = field(default_factory=dict[int, Hit])
    words: list[Scored] = field(default_factory=list[Scored])
    vectors: list[Scored] = field(default_factory=list[Scored])
    symbols: list[Scored] = field(default_factory=list[Scored])
    substrings: list[Scored] = field(default_factory=list[Scored])
    events: list[HistoryEntry] = field(default_factory=list[HistoryEntry])
    fresh: Freshness = FRESH
    gone: set[int] = field(default_factory=set[int])
    """Chunks that vanished after they were listed."""
    scopes: set[Scope] = field(default_factory=set[Scope])
    asked: list[tuple[str, object, str]] = field(default_factory=list[tuple[str, object, str]])

    async def by_words(self, query: str, k: int, project: str, scope: Scope) -> list[Scored]:
        """As given."""
        self.scopes.add(scope)
        self.asked.append(("words", query, project))
        return self.words[:k]

    async def by_vector(
        self, vector: Vector, k: int, project: str, scope: Scope, *, embedder: str
    ) -> list[Scored]:
        """As given."""
        self.scopes.add(scope)
        self.asked.append(("vector", len(vector), project))
        return self.vectors[:k]

    async def by_symbol(
        self, names: Sequence[str], k: int, project: str, scope: Scope
    ) -> list[Scored]:
        """As given."""
        self.scopes.add(scope)
        self.asked.append(("symbol", tuple(names), project))
        return self.symbols[:k]

    async def by_substring(self, text: str, k: int, project: str, scope: Scope) -> list[Scored]:
        """As given."""
        self.scopes.add(scope)
        self.asked.append(("substring", text, project))
        return self.substrings[:k]

    async def history(self, q: HistoryQuery) -> HistoryPage:
        """Events that contain each of the words, as given."""
        self.asked.append(("history", q.text, q.project))
        words = q.text.lower().split()
        kept = [e for e in self.events if all(w in f"{e.event.body}".lower() for w in words)]
        return HistoryPage(tuple(kept[: q.limit]), self.fresh)

    async def chunks(self, refs: Sequence[ChunkRef], scope: Scope) -> list[Hit]:
        """Those that are still there."""
        return [dataclasses.replace(self.hits[r.chunk]) for r in refs if r.chunk not in self.gone]

    async def literal(self, q: SearchQuery) -> SearchResult:
        """Empty, but noted."""
        self.asked.append(("literal", q.query, q.project))
        return SearchResult(freshness=self.fresh)

    async def regex(self, q: SearchQuery) -> SearchResult:
        """Empty, but noted."""
        self.asked.append(("regex", q.query, q.project))
        return SearchResult(freshness=self.fresh)

    async def freshness(self, project: str = "") -> Freshness:
        """As given."""
        return self.fresh
