"""Lists of events: newest first under any filter, or those most like one of them."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import apsw

from common.model.event import CommandFinished, Event
from common.model.lake import HistoryQuery
from dragon_node.lake.history.events import Kept, unpack, without_output
from dragon_node.lake.history.likeness import RARE_WORDS, asked, likeness, looks, weight_of
from dragon_node.lake.history.wording import excerpt, matching, wording, words_of

CANDIDATES_MAX = 200
"""Events that are compared with the one that was asked about."""
COMMON = 1_000
"""Events with a word, beyond which they are not counted."""
SPARSE = 5_000
"""Where a time range holds fewer events it is read by time, else from the newest on."""


def page(db: apsw.Connection, q: HistoryQuery) -> list[Kept]:
    """Newest first, by arrival; a command's output text is left out. A text without any word
    matches none. What was imported is given only where words ask for it: thousands of commands of
    last year, or of nobody knows when, would stand before what happened today."""
    where, values = filters(db, q)
    if q.text:
        expression = matching(q.text)
        if not expression:
            return []
        where.append("lsn IN (SELECT rowid FROM event_words WHERE event_words MATCH ?)")
        values.append(expression)
    else:
        where.append("lsn NOT IN (SELECT lsn FROM imported)")
    sql = f"SELECT lsn, body FROM events {_index(db, q)} WHERE {' AND '.join(where)}"
    rows = db.execute(f"{sql} ORDER BY lsn DESC LIMIT ?", (*values, q.limit)).fetchall()
    return [_entry(lsn, unpack(body), q.text) for lsn, body in rows]


def like(db: apsw.Connection, event: Event, q: HistoryQuery) -> list[Kept]:
    """Those most like an event, best first, of those that pass the filters; itself left out."""
    events: int = db.execute("SELECT count(*) FROM events").get

    @cache
    def weight(word: str) -> float:
        return weight_of(events, _events_with(db, word))

    ours = asked(looks(event), weight)
    words = list(ours.weights) or words_of(wording(event))
    rarest = heapq.nlargest(RARE_WORDS, sorted(words), key=weight)
    if not rarest:
        return []
    found = [
        Kept(lsn, without_output(one), likeness=likeness(ours, looks(one)))
        for lsn, one in _candidates(db, rarest, q)
        if one.id != event.id
    ]
    if q.text:
        found = [kept for kept in found if _has(db, kept.lsn, q.text)]
    return sorted(found, key=lambda kept: (-kept.likeness, -kept.lsn))[: q.limit]


def filters(db: apsw.Connection, q: HistoryQuery) -> tuple[list[str], list[int | str]]:
    """All conditions but the words, and what their question marks stand for."""
    where: list[str] = ["lsn<?"]
    values: list[int | str] = [q.before_cursor or 1 << 62]
    if q.kind:
        where.append("kind=?")
        values.append(q.kind)
    if q.since_ms:
        where.append("at_ms>=?")
        values.append(q.since_ms)
    if q.until_ms:
        where.append("at_ms BETWEEN 1 AND ?")  # 0 is not known, so not before either
        values.append(q.until_ms - 1)
    if q.working_copy:
        place = q.working_copy.rstrip("/") or "/"
        where.append(
            "working_copy IN (SELECT ? UNION SELECT working_copy FROM copies WHERE path=?)"
        )
        values += [place, place]
    return where, values


def _index(db: apsw.Connection, q: HistoryQuery) -> str:
    """By time where few events lie in the range, else by position: the planner cannot know."""
    if not q.since_ms and not q.until_ms:
        return ""
    count = "SELECT count(*) FROM (SELECT 1 FROM events WHERE at_ms>=? AND at_ms<? LIMIT ?)"
    many: int = db.execute(count, (q.since_ms, q.until_ms or 1 << 62, SPARSE)).get
    if many < SPARSE:
        return "INDEXED BY events_by_time"
    return "INDEXED BY events_by_kind" if q.kind else "NOT INDEXED"


def _candidates(
    db: apsw.Connection, words: Sequence[str], q: HistoryQuery
) -> list[tuple[int, Event]]:
    """Those with the rarest word first: a common word may be in every event."""
    where, values = filters(db, q)
    sql = f"""SELECT lsn, body FROM events
              WHERE lsn IN (SELECT rowid FROM event_words WHERE event_words MATCH ?)
                AND {" AND ".join(where)} ORDER BY lsn DESC LIMIT ?"""
    found: dict[int, Event] = {}
    for word in words:
        for lsn, body in db.execute(sql, (f'"{word}"', *values, CANDIDATES_MAX)).fetchall():
            if lsn not in found and len(found) < CANDIDATES_MAX:
                found[lsn] = unpack(body)
        if len(found) >= CANDIDATES_MAX:
            break
    return list(found.items())


def _events_with(db: apsw.Connection, word: str) -> int:
    """How many, as far as it matters: a word of so many events says little anyway."""
    sql = """SELECT count(*) FROM (
               SELECT 1 FROM event_words WHERE event_words MATCH ? LIMIT ?)"""
    return db.execute(sql, (f'"{word}"', COMMON)).get


def _has(db: apsw.Connection, lsn: int, text: str) -> bool:
    expression = matching(text)
    sql = "SELECT 1 FROM event_words WHERE event_words MATCH ? AND rowid=?"
    return bool(expression) and db.execute(sql, (expression, lsn)).fetchone() is not None


def _entry(lsn: int, event: Event, text: str) -> Kept:
    kept = Kept(lsn, without_output(event))
    if not text or not isinstance(event.body, CommandFinished):
        return kept
    return replace(kept, excerpt=excerpt(event.body.output.text, text))
