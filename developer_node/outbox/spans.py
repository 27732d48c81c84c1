"""Sequences of several Dragons in one file: each lane has a range of the numbers in `records`.

The home Dragon's lane has those below 2^48, as every outbox had them before there were others; the
lane with number n has those from n * 2^48. In `meta` the names of another lane's values end in :n,
and lane:DRAGON is the number of that Dragon's.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import cast

from common.model.ids import ContentHash, Origin
from common.wire.stored import event_from_bytes
from developer_node.outbox import eviction
from developer_node.outbox.lighter import without_content
from developer_node.outbox.sql import Sql

WIDTH = 1 << 48
LANE = "lane:"
REFUSED_BODIES_MAX = 1_000
"""Newest refused records whose bodies are kept; of older ones the reason stays."""


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers of one lane."""

    number: int

    def place(self, seq: int) -> int:
        """Where a sequence lies."""
        return self.number * WIDTH + seq

    def seq(self, place: int) -> int:
        """Which sequence lies there."""
        return place - self.number * WIDTH

    def name(self, key: str) -> str:
        """What a value is called in `meta`."""
        return f"{key}:{self.number}" if self.number else key


HOME = Span(0)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a lane stands."""

    origin: Origin
    first_held: int
    """Lowest seq still held; last + 1 when nothing is."""
    last: int
    sent: int
    """Highest seq that was ever put on a stream."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record that waits."""

    seq: int
    body: bytes
    hashes: tuple[ContentHash, ...]


def numbers(db: Sql) -> dict[str, int]:
    """The lanes of other Dragons, by their ids."""
    rows = db.rows("SELECT key, value FROM meta WHERE key LIKE 'lane:%' ORDER BY value")
    return {str(key).removeprefix(LANE): int(value) for key, value in rows}


def begin(db: Sql, dragon: str) -> int:
    """A number for a Dragon that has none yet."""
    number = max(numbers(db).values(), default=0) + 1
    _set(db, LANE + dragon, number)
    return number


def position_or_new(db: Sql, span: Span) -> Position:
    """Where it stands; with a new origin at first."""
    if not _get(db, span, "origin", ""):
        _set(db, span.name("origin"), _new_origin())
    return position(db, span)


def position(db: Sql, span: Span) -> Position:
    """Where it stands now."""
    newest = last(db, span)
    first = cast("int | None", db.one(f"SELECT min(seq) FROM records {_WITHIN}", *_ends(span)))
    return Position(
        origin=Origin(str(_get(db, span, "origin", ""))),
        first_held=newest + 1 if first is None else span.seq(first),
        last=newest,
        sent=cast(int, _get(db, span, "sent", 0)),
    )


def last(db: Sql, span: Span) -> int:
    """The highest sequence that was given."""
    return cast(int, _get(db, span, "last", 0))


def grow(db: Sql, span: Span, to: int) -> None:
    """Sequences up to there were given."""
    _set(db, span.name("last"), to)


def will_send(db: Sql, span: Span, seq: int) -> None:
    """Sequences up to there go out."""
    _set(db, span.name("sent"), max(seq, cast(int, _get(db, span, "sent", 0))))


def batch(db: Sql, span: Span, after: int, records_max: int, bytes_max: int) -> tuple[Held, ...]:
    """The next records after a seq."""
    held: list[Held] = []
    size = 0
    query = "SELECT seq, body FROM records WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?"
    for place, body in db.rows(query, span.place(after), span.place(WIDTH), records_max):
        size += len(body)
        if held and size > bytes_max:
            break
        uses = db.rows("SELECT hash FROM uses WHERE seq = ? ORDER BY hash", place)
        hashes = tuple(ContentHash(str(content)) for (content,) in uses)
        held.append(Held(span.seq(place), body, hashes))
    return tuple(held)


def holds(db: Sql, span: Span, working_copy: str) -> bool:
    """Whether something of this working copy waits."""
    query = f"SELECT 1 FROM records {_WITHIN} AND working_copy = ? LIMIT 1"
    return db.one(query, *_ends(span), working_copy) is not None


def acknowledge(db: Sql, span: Span, seq: int) -> None:
    """Lets go what is on the Dragon's disk, and contents that nothing else waits with."""
    ends = (span.place(0), span.place(seq))
    db.run(
        "DELETE FROM blobs WHERE hash IN (SELECT hash FROM uses WHERE seq BETWEEN ?1 AND ?2)"
        " AND NOT EXISTS (SELECT 1 FROM uses WHERE uses.hash = blobs.hash"
        " AND uses.seq NOT BETWEEN ?1 AND ?2)",
        *ends,
    )
    db.run("DELETE FROM uses WHERE seq BETWEEN ? AND ?", *ends)
    db.run("DELETE FROM records WHERE seq BETWEEN ? AND ?", *ends)
    eviction.give_back(db)


def refuse(db: Sql, span: Span, seq: int, field: str, reason: str) -> None:
    """Sets a record's body aside."""
    db.run(
        "INSERT OR REPLACE INTO refused"
        " SELECT (SELECT value FROM meta WHERE key = ?), ?, ?, ?, body"
        " FROM records WHERE seq = ?",
        span.name("origin"),
        seq,
        field,
        reason,
        span.place(seq),
    )
    db.run(
        "UPDATE refused SET body = x'' WHERE rowid NOT IN"
        " (SELECT rowid FROM refused ORDER BY rowid DESC LIMIT ?)",
        REFUSED_BODIES_MAX,
    )


def leave_out(db: Sql, span: Span, seqs: Sequence[int], gone: Collection[ContentHash]) -> None:
    """Rewrites records without contents that nobody has."""
    for place in map(span.place, seqs):
        body = db.one("SELECT body FROM records WHERE seq = ?", place)
        if body is not None:
            event = event_from_bytes(body)
            eviction.rewrite(db, place, without_content(event, gone, "the content was lost"))


def note_missing(db: Sql, span: Span, missing: int) -> bool:
    """True when that is news: then what was sent is forgotten, to be told anew."""
    known = cast(int, _get(db, span, "missing", 0))
    if missing == known:
        return False
    _set(db, "gaps", count(db, "gaps") + missing - known)
    _set(db, span.name("missing"), missing)
    _forget_sent(db)
    return True


def renew(db: Sql, span: Span, *, keeps_sent: bool = False) -> Position:
    """A new origin, numbered from 1; what was sent is forgotten, to be told anew, unless it is
    kept. Twice over the negative numbers, so that no two meet."""
    rows = db.rows(f"SELECT seq FROM records {_WITHIN} ORDER BY seq", *_ends(span))
    for number, (place,) in enumerate(rows, start=1):
        db.run("UPDATE records SET seq = ? WHERE seq = ?", -span.place(number), place)
        db.run("UPDATE uses SET seq = ? WHERE seq = ?", -span.place(number), place)
    db.run("UPDATE records SET seq = -seq WHERE seq < 0")
    db.run("UPDATE uses SET seq = -seq WHERE seq < 0")
    _set(db, span.name("origin"), _new_origin())
    grow(db, span, len(rows))
    _set(db, span.name("sent"), 0)
    _set(db, span.name("missing"), 0)
    if not keeps_sent:
        _forget_sent(db)
    return position(db, span)


def pour(db: Sql, span: Span, into: Span, working_copy: str) -> bool:
    """Moves what waits of a working copy to the end of another lane. False when something of this
    lane was sent before: then the Dragon may have it, and nothing is moved."""
    if _get(db, span, "sent", 0):
        return False
    query = f"SELECT seq FROM records {_WITHIN} AND working_copy = ? ORDER BY seq"
    newest = last(db, into)
    for (place,) in db.rows(query, *_ends(span), working_copy):
        newest += 1
        db.run("UPDATE records SET seq = ? WHERE seq = ?", into.place(newest), place)
        db.run("UPDATE uses SET seq = ? WHERE seq = ?", into.place(newest), place)
    grow(db, into, newest)
    rest = db.rows(f"SELECT seq FROM records {_WITHIN} ORDER BY seq", *_ends(span))
    for number, (place,) in enumerate(rows := list(rest), start=1):
        db.run("UPDATE records SET seq = ? WHERE seq = ?", span.place(number), place)
        db.run("UPDATE uses SET seq = ? WHERE seq = ?", span.place(number), place)
    grow(db, span, len(rows))
    return True


def count(db: Sql, key: str) -> int:
    """A counter of the whole file."""
    return cast(int, _get(db, HOME, key, 0))


_WITHIN = "WHERE seq > ? AND seq < ?"


def _ends(span: Span) -> tuple[int, int]:
    return span.place(0), span.place(WIDTH)


def _get(db: Sql, span: Span, key: str, default: object) -> object:
    found: object = db.one("SELECT value FROM meta WHERE key = ?", span.name(key))
    return default if found is None else found


def _set(db: Sql, name: str, value: str | int) -> None:
    db.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value)


def _new_origin() -> Origin:
    return Origin(os.urandom(16).hex())


def _forget_sent(db: Sql) -> None:
    db.run("DELETE FROM sent_files")
    db.run("DELETE FROM commits")
    db.run("DELETE FROM marks WHERE key LIKE 'reflog:%'")
