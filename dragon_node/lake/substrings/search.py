"""Searches over the files of one project as they are now: candidates, then verified."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import apsw

from common.model.answer import Hit
from dragon_node.lake.code import Packed, held, text_of
from dragon_node.lake.scope import EVERYWHERE, Scope, versions
from dragon_node.lake.substrings import engines
from dragon_node.lake.substrings.candidates import Candidate, candidates
from dragon_node.lake.substrings.exact import Exact, Find, Found
from dragon_node.lake.substrings.literals import literal

HIT_CHARACTERS_MAX = 2_000
"""Of a matching line that is shown."""


def search(
    db: apsw.Connection, exact: Exact, limit: int, project: str, scope: Scope = EVERYWHERE
) -> list[Hit]:
    """The first `limit` hits in path and line order."""
    hits: list[Hit] = []
    find = exact.finder(time.monotonic() + engines.REGEX_SECONDS_MAX)
    for candidate in candidates(db, exact, scope):
        places = list(_places(db, candidate, find, limit - len(hits), apart=exact.apart))
        if places:
            hits += _hits(db, candidate, places, project, scope)
        if len(hits) >= limit:
            break
    return hits[:limit]


def chunks_with(db: apsw.Connection, text: str, limit: int) -> list[tuple[int, float]]:
    """Chunks that contain a text; of the first `limit * 4` in path order those with more of it
    first. Fewer than `limit` only when there are no more."""
    scores: dict[int, float] = {}
    for candidate in candidates(db, literal(text)):
        whole = text_of(db, candidate.content)
        spans = db.execute("SELECT id, start, stop FROM chunks WHERE doc=?", (candidate.doc,))
        for chunk, start, stop in spans:
            times = whole.count(text, start, stop)
            if times:
                scores[chunk] = float(times)
        if len(scores) >= limit * 4:
            break
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]


def _places(
    db: apsw.Connection, candidate: Candidate, find: Find, limit: int, *, apart: bool
) -> Iterator[Found]:
    """Where it is in a file, at most so many."""
    packed = held(db, candidate.content)
    if apart:
        return islice(find(packed.whole()), limit)
    blocks = range(packed.blocks()) if candidate.blocks is None else candidate.blocks
    return islice(_in_blocks(packed, blocks, find), limit)


def _in_blocks(packed: Packed, blocks: Iterable[int], find: Find) -> Iterator[Found]:
    for number in blocks:
        line, raw = packed.block(number)
        for found in find(raw):
            yield replace(found, start_line=found.start_line + line, end_line=found.end_line + line)


def _hits(
    db: apsw.Connection, candidate: Candidate, places: list[Found], project: str, scope: Scope
) -> list[Hit]:
    where = versions(scope)
    rows = db.execute(
        f"""SELECT coalesce(copies.path, ''), commit_sha, dirty, at_ms FROM versions
            LEFT JOIN copies ON copies.working_copy=versions.working_copy
            WHERE doc=? AND {where.sql} ORDER BY 1""",
        (candidate.doc, *where.bindings),
    )
    return [
        Hit(
            project=project,
            working_copy=copy,
            path=candidate.path,
            start_line=place.start_line,
            end_line=place.end_line,
            commit=commit,
            blob=candidate.content,
            dirty=bool(dirty),
            score=1.0,
            why=("exact text",),
            text=place.text[:HIT_CHARACTERS_MAX],
            language=candidate.language,
            at_ms=at_ms,
        )
        for copy, commit, dirty, at_ms in rows
        for place in places
    ]
