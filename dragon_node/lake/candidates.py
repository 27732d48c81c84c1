"""Which chunks stand for what an index found: those that are still there and within a scope.

Two working copies that differ in one line of a file have every other chunk of it twice, with the
same hash. A hit is one chunk for each hash, the newest one within the scope.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace

import apsw

from common.model.answer import Hit
from common.model.ids import ContentHash
from dragon_node.lake import code
from dragon_node.lake.scope import Scope, docs, versions

ScoredChunk = tuple[int, float]
Listing = Callable[[apsw.Connection, int], list[ScoredChunk]]
"""The best so many, best first."""

SPARE = 4
"""Looked at for each hit wanted within a scope, before the whole scope is."""


def looked_at(k: int, scope: Scope) -> int:
    """How many to look at for k hits: a few have just gone or are the same, and within a scope
    most may lie outside."""
    return k * SPARE if scope else k + k // SPARE + 1


def standing(db: apsw.Connection, chunks: Iterable[int], scope: Scope) -> dict[int, int]:
    """The chunk that stands for each; those that have gone or lie outside are left out."""
    where = docs(scope)
    inside = f"JOIN docs ON docs.id=same.doc WHERE {where.sql} AND" if scope else "WHERE"
    rows = db.execute(
        f"""SELECT chunks.id, (SELECT max(same.id) FROM chunks AS same
              {inside} same.hash=chunks.hash) AS stands
            FROM json_each(?) AS asked JOIN chunks ON chunks.id=asked.value
            WHERE stands IS NOT NULL""",
        (*where.bindings, json.dumps(list(chunks))),
    )
    return {int(chunk): int(stands) for chunk, stands in rows}


def stood_for(found: Iterable[ScoredChunk], stands: dict[int, int]) -> list[ScoredChunk]:
    """The list with each chunk replaced by the one that stands for it, once, best first."""
    best: dict[int, float] = {}
    for chunk, score in found:
        if chunk in stands:
            best.setdefault(stands[chunk], score)
    return list(best.items())


def within(db: apsw.Connection, listing: Listing, k: int, scope: Scope) -> list[ScoredChunk]:
    """The k best of a listing within a scope; fewer only when there are no more."""
    asked = looked_at(k, scope)
    while True:
        found = listing(db, asked)
        kept = stood_for(found, standing(db, (chunk for chunk, _ in found), scope))
        if len(kept) >= k or len(found) < asked:
            return kept[:k]
        asked *= SPARE


def chunks_within(db: apsw.Connection, scope: Scope) -> list[int]:
    """Every chunk within a scope that stands for itself."""
    return [int(row[1]) for row in _within(db, scope)]


def hashes_within(db: apsw.Connection, scope: Scope) -> list[ContentHash]:
    """Every chunk's hash within a scope."""
    return [ContentHash(row[0].hex()) for row in _within(db, scope)]


def hit_within(db: apsw.Connection, chunk: int, project: str, scope: Scope) -> Hit | None:
    """A chunk as a place in the newest version within a scope; None when it is gone."""
    hit = code.hit_of(db, chunk, project)
    where = versions(scope)
    if hit is None or not where.bindings:
        return hit
    row = db.execute(
        f"""SELECT coalesce(copies.path, ''), commit_sha, dirty, at_ms
            FROM chunks JOIN versions ON versions.doc=chunks.doc
            LEFT JOIN copies ON copies.working_copy=versions.working_copy
            WHERE chunks.id=? AND {where.sql} ORDER BY dirty, versions.lsn DESC LIMIT 1""",
        (chunk, *where.bindings),
    ).fetchone()
    if row is None:
        return None
    copy, commit, dirty, at_ms = row
    return replace(hit, working_copy=copy, commit=commit, dirty=bool(dirty), at_ms=at_ms)


def _within(db: apsw.Connection, scope: Scope) -> apsw.Cursor:
    where = docs(scope)
    sql = f"""SELECT chunks.hash, max(chunks.id) FROM docs JOIN chunks ON chunks.doc=docs.id
              WHERE {where.sql} GROUP BY chunks.hash"""
    return db.execute(sql, where.bindings)
