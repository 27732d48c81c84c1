"""Events of one project, by journal position, kind and time.

events  lsn, id, at_ms, kind, body (the event as it travelled, zstd when long)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import apsw
import zstandard

from common.model.event import CommandFinished, Event, kind_of
from common.model.lake import HistoryQuery
from common.wire.nouns import event_from_bytes
from dragon_node.lake.shards import Step

PACK_ABOVE_BYTES = 1_024
"""Shorter events do not gain from compression."""
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

SCHEMA = """
CREATE TABLE IF NOT EXISTS events(
  lsn INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,
  body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_kind ON events(kind, lsn);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An event and where it lies."""

    lsn: int
    event: Event


def add(db: apsw.Connection, step: Step, event: Event) -> bool:
    """Keeps an event; False when it is here already."""
    db.execute(
        "INSERT OR IGNORE INTO events VALUES(?,?,?,?,?)",
        (step.lsn, bytes.fromhex(event.id), event.at_ms, kind_of(event.body), _pack(step.raw)),
    )
    return db.changes() == 1


def page(db: apsw.Connection, q: HistoryQuery) -> list[Kept]:
    """Newest first; a command's output text is left out."""
    where, bindings = ["lsn<?"], [q.before_cursor or 1 << 62]
    values: list[int | str] = [*bindings]
    if q.kind:
        where.append("kind=?")
        values.append(q.kind)
    if q.since_ms:
        where.append("at_ms>=?")
        values.append(q.since_ms)
    sql = f"SELECT lsn, body FROM events WHERE {' AND '.join(where)} ORDER BY lsn DESC LIMIT ?"
    rows = db.execute(sql, (*values, q.limit))
    return [Kept(lsn, without_output(_unpack(body))) for lsn, body in rows]


def at(db: apsw.Connection, lsn: int) -> Event | None:
    """The whole event at a position."""
    row = db.execute("SELECT body FROM events WHERE lsn=?", (lsn,)).fetchone()
    return None if row is None else _unpack(row[0])


def count(db: apsw.Connection) -> int:
    """How many."""
    return db.execute("SELECT count(*) FROM events").get


def without_output(event: Event) -> Event:
    """The same without what the command printed: lists stay small."""
    if not isinstance(event.body, CommandFinished):
        return event
    output = replace(event.body.output, text="")
    return replace(event, body=replace(event.body, output=output))


def _pack(raw: bytes) -> bytes:
    if len(raw) <= PACK_ABOVE_BYTES:
        return raw
    return zstandard.ZstdCompressor(level=1).compress(raw)


def _unpack(data: bytes) -> Event:
    if data.startswith(_ZSTD_MAGIC):
        data = zstandard.ZstdDecompressor().decompress(data)
    return event_from_bytes(data)
