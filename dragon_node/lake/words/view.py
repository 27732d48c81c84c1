"""A word index as it was at one commit: searched from any thread, whatever is written meanwhile."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import tantivy

from dragon_node.lake.words.splitting import TOKENIZER

K1, B = 1.2, 0.75
"""Tantivy's, which it does not let one choose."""


def schema() -> tantivy.Schema:
    """One text field, and the chunk that a document is."""
    return (
        tantivy.SchemaBuilder()
        .add_integer_field("chunk", stored=False, indexed=True, fast=True)
        .add_text_field("words", stored=False, tokenizer_name=TOKENIZER, index_option="freq")
        .build()
    )


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 knows of all documents."""

    documents: int
    mean_length: float
    """In terms."""
    holding: dict[str, int]
    """Documents that hold a term."""

    def score(self, query: Sequence[str], counts: dict[str, int], length: int) -> float:
        """BM25 of a document that holds each term so many times, as tantivy would give it."""
        norm = K1 * (1 - B + B * stored_length(length) / self.mean_length)
        total = 0.0
        for term in query:
            if times := counts.get(term, 0):
                n = self.holding[term]
                idf = math.log(1 + (self.documents - n + 0.5) / (n + 0.5))
                total += idf * (K1 + 1) * times / (times + norm)
        return total


class View:
    """Searches one commit."""

    def __init__(self, index: tantivy.Index, reached: int) -> None:
        self.reached = reached
        """Chunks up to this lsn are in it."""
        self._schema = index.schema
        self._searcher = index.searcher()
        self._totals = (0, 0.0)

    def search(
        self, query: Sequence[str], k: int, allow: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The k best chunks with their BM25, best first; among `allow` only, when given."""
        if not query or k < 1 or (allow is not None and not allow):
            return []
        asked = self._any_of(query)
        if allow is not None:
            asked = _within(asked, tantivy.Query.term_set_query(self._schema, "chunk", list(allow)))
        hits = self._searcher.search(asked, limit=k, count=False).hits
        chunks = self._searcher.fast_field_values("chunk", [address for _, address in hits])
        return [(int(c or 0), float(s)) for c, (s, _) in zip(chunks, hits, strict=True)]

    def statistics(self, query: Sequence[str]) -> Statistics | None:
        """Of these terms; None where no document holds any: there is nothing to rank beside."""
        holding = {term: self._searcher.doc_freq("words", term) for term in query}
        if not any(holding.values()):
            return None
        return Statistics(*self._told_totals(query), holding)

    def _any_of(self, query: Sequence[str]) -> tantivy.Query:
        should = tantivy.Occur.Should
        return tantivy.Query.boolean_query(
            [(should, tantivy.Query.term_query(self._schema, "words", t, "freq")) for t in query]
        )

    def _told_totals(self, query: Sequence[str]) -> tuple[int, float]:
        """Documents, dead ones included as BM25 counts them, and their mean length."""
        # Tantivy tells them only where it explains a score.
        if not self._totals[0]:
            asked = self._any_of(query)
            hits = self._searcher.search(asked, limit=1, count=False).hits
            if not hits:
                return max(1, self._searcher.num_docs), 1.0
            told = json.loads(asked.explain(self._searcher, hits[0][1]).to_json())
            self._totals = (int(_told(told, "N, ")), _told(told, "avgdl"))
        return self._totals


def stored_length(length: int) -> int:
    """A length as the index keeps it, in one byte: exact below 40, then four binary digits."""
    above = length - 24
    shift = max(0, above.bit_length() - 4)
    return length if length < 40 else 24 + (above >> shift << shift)


def _within(asked: tantivy.Query, allowed: tantivy.Query) -> tantivy.Query:
    must = tantivy.Occur.Must
    free = tantivy.Query.const_score_query(allowed, 0.0)
    return tantivy.Query.boolean_query([(must, asked), (must, free)])


def _told(explained: dict[str, Any], name: str) -> float:
    """The first value under that name."""
    if explained.get("description", "").startswith(name):
        return float(explained["value"])
    inner = (_told(each, name) for each in explained.get("details", []))
    return next((value for value in inner if value), 0.0)
