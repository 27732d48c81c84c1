"""Blocks of files that may contain what is looked for, by the trigram index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json import dumps

import apsw

from common.model.ids import ContentHash
from dragon_node.lake.code import trigrams
from dragon_node.lake.scope import EVERYWHERE, Scope, docs
from dragon_node.lake.substrings.exact import Exact
from dragon_node.lake.substrings.needs import IMPOSSIBLE, NOTHING, Needs, expression, trigrams_in

RAREST = 5
"""Trigrams that are asked for. Each costs time, and after the rarest few they tell little."""
RAREST_AGAIN = 16
"""Where those few have left many blocks."""
MANY_BLOCKS = 48


@dataclass(frozen=True, slots=True)
class Candidate:
    """A doc, and its blocks that may contain it; all of them when `blocks` is None."""

    doc: int
    path: str
    content: ContentHash
    language: str
    blocks: tuple[int, ...] | None


def candidates(db: apsw.Connection, exact: Exact, scope: Scope = EVERYWHERE) -> Iterator[Candidate]:
    """In the order of paths. No file with a match is left out."""
    narrowing = [needs for needs in exact.needs if needs != NOTHING]
    if IMPOSSIBLE in narrowing:
        return
    found = _in_all([_blocks(db, needs) for needs in narrowing]) if narrowing else None
    for doc, path, content, language in _docs(db, found, scope):
        blocks = None if found is None or exact.apart else tuple(found[doc])
        yield Candidate(doc, path, ContentHash(content.hex()), language, blocks)


def _blocks(db: apsw.Connection, needs: Needs) -> dict[int, list[int]]:
    """By doc, in order."""
    shares = trigrams.shares(db, trigrams_in(needs))
    found: dict[int, list[int]] = {}
    for row in _rows(db, needs, shares):
        found.setdefault(row >> trigrams.DOC_SHIFT, []).append(
            row & ((1 << trigrams.DOC_SHIFT) - 1)
        )
    return found


def _rows(db: apsw.Connection, needs: Needs, shares: dict[str, int]) -> list[int]:
    match = "SELECT rowid FROM trigrams WHERE trigrams MATCH ?"
    first, is_all = expression(needs, shares.__getitem__, RAREST)
    rows = db.execute(f"{match} LIMIT ?", (first, -1 if is_all else MANY_BLOCKS + 1)).fetchall()
    if not is_all and len(rows) > MANY_BLOCKS:
        again, _ = expression(needs, shares.__getitem__, RAREST_AGAIN)
        rows = db.execute(match, (again,)).fetchall()
    return [row[0] for row in rows]


def _in_all(found: Sequence[dict[int, list[int]]]) -> dict[int, list[int]]:
    """Docs that are in each; with the blocks of the first."""
    first, *others = found
    return {doc: blocks for doc, blocks in first.items() if all(doc in each for each in others)}


def _docs(db: apsw.Connection, found: dict[int, list[int]] | None, scope: Scope) -> apsw.Cursor:
    where = docs(scope)
    among = "" if found is None else "id IN (SELECT value FROM json_each(?)) AND "
    bindings = () if found is None else (dumps(list(found)),)
    return db.execute(
        f"SELECT id, path, content, language FROM docs WHERE {among}{where.sql} ORDER BY path, id",
        (*bindings, *where.bindings),
    )
