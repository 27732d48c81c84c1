"""Events of one project as they are kept.

events       lsn, id, at_ms, kind, working_copy, session, output (bytes that a command printed and
             that are kept), body (the event as it travelled, zstd when long)
event_words  FTS5, by lsn: what an event is found under, each word once
refs         hash, lsn: which event refers to which content
imported     lsn of events that were told long after they happened, out of other records
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import apsw
import zstandard

from common.model.event import CommandFinished, Event, content_hashes, is_imported, kind_of
from common.wire.nouns import event_from_bytes, event_to_bytes
from dragon_node.lake.history import sessions
from dragon_node.lake.history.wording import wording, words_of
from dragon_node.lake.shards import Step

PACK_ABOVE_BYTES = 1_024
"""Shorter events do not gain from compression."""
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

SCHEMA = """
CREATE TABLE IF NOT EXISTS events(
  lsn INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,
  working_copy TEXT NOT NULL, session BLOB, output INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_kind ON events(kind, lsn);
CREATE INDEX IF NOT EXISTS events_by_time ON events(at_ms);
CREATE INDEX IF NOT EXISTS events_by_copy ON events(working_copy, kind, at_ms);
CREATE INDEX IF NOT EXISTS events_by_session ON events(session) WHERE session IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_with_output ON events(at_ms) WHERE output>0;
CREATE VIRTUAL TABLE IF NOT EXISTS event_words USING fts5(
  words, content='', contentless_delete=1, detail=none, tokenize='ascii');
CREATE TABLE IF NOT EXISTS refs(
  hash BLOB NOT NULL, lsn INTEGER NOT NULL, PRIMARY KEY(hash, lsn)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS imported(lsn INTEGER PRIMARY KEY);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An event and where it lies."""

    lsn: int
    event: Event
    excerpt: str = ""
    """Lines of what it printed that contain what was asked for."""
    likeness: float = 0.0


def add(db: apsw.Connection, step: Step, event: Event) -> bool:
    """Keeps an event; False when it is here already."""
    db.execute(
        "INSERT OR IGNORE INTO events VALUES(?,?,?,?,?,?,?,?)",
        (
            step.lsn,
            bytes.fromhex(event.id),
            event.at_ms,
            kind_of(event.body),
            event.working_copy,
            sessions.of(db, event),
            _printed(event),
            pack(step.raw),
        ),
    )
    if db.changes() == 0:
        return False
    if is_imported(event.body):
        db.execute("INSERT INTO imported VALUES(?)", (step.lsn,))
    words = words_of(wording(event))
    if words:
        db.execute("INSERT INTO event_words(rowid, words) VALUES(?,?)", (step.lsn, _line(words)))
    db.executemany(
        "INSERT OR IGNORE INTO refs VALUES(?,?)",
        ((bytes.fromhex(content), step.lsn) for content in content_hashes(event.body)),
    )
    return True


def at(db: apsw.Connection, lsn: int) -> Event | None:
    """The whole event at a position."""
    row = db.execute("SELECT body FROM events WHERE lsn=?", (lsn,)).fetchone()
    return None if row is None else unpack(row[0])


def after(db: apsw.Connection, lsn: int, limit: int) -> list[tuple[int, bytes]]:
    """Events after a position, in order: where each lies, and its bytes as they travelled."""
    rows = db.execute(
        "SELECT lsn, body FROM events WHERE lsn>? ORDER BY lsn LIMIT ?", (lsn, limit)
    ).fetchall()
    return [(at_lsn, unpacked(body)) for at_lsn, body in rows]


def copies(db: apsw.Connection) -> set[str]:
    """The working copies that anything is of."""
    return {row[0] for row in db.execute("SELECT DISTINCT working_copy FROM events")}


def count(db: apsw.Connection) -> int:
    """How many."""
    return db.execute("SELECT count(*) FROM events").get


def remove(db: apsw.Connection, lsns: Iterable[int]) -> None:
    """These events were never here."""
    for lsn in lsns:
        event = at(db, lsn)
        if event is None:
            continue
        for content in content_hashes(event.body):
            db.execute("DELETE FROM refs WHERE hash=? AND lsn=?", (bytes.fromhex(content), lsn))
        db.execute("DELETE FROM event_words WHERE rowid=?", (lsn,))
        db.execute("DELETE FROM imported WHERE lsn=?", (lsn,))
        db.execute("DELETE FROM events WHERE lsn=?", (lsn,))


def rewrite(db: apsw.Connection, lsn: int, event: Event) -> None:
    """The event says less from now on: what it said more is not found any more."""
    body = pack(event_to_bytes(event))
    db.execute("UPDATE events SET body=?, output=? WHERE lsn=?", (body, _printed(event), lsn))
    db.execute("DELETE FROM event_words WHERE rowid=?", (lsn,))
    words = words_of(wording(event))
    if words:
        db.execute("INSERT INTO event_words(rowid, words) VALUES(?,?)", (lsn, _line(words)))


def without_output(event: Event) -> Event:
    """The same without what the command printed: lists stay small."""
    if not isinstance(event.body, CommandFinished):
        return event
    output = replace(event.body.output, text="")
    return replace(event, body=replace(event.body, output=output))


def pack(raw: bytes) -> bytes:
    """An event's bytes as they are kept."""
    if len(raw) <= PACK_ABOVE_BYTES:
        return raw
    return zstandard.ZstdCompressor(level=1).compress(raw)


def unpacked(data: bytes) -> bytes:
    """An event's bytes as they travelled."""
    if data.startswith(_ZSTD_MAGIC):
        return zstandard.ZstdDecompressor().decompress(data)
    return data


def unpack(data: bytes) -> Event:
    """The event."""
    return event_from_bytes(unpacked(data))


def _printed(event: Event) -> int:
    body = event.body
    return len(body.output.text.encode()) if isinstance(body, CommandFinished) else 0


def _line(words: Iterable[str]) -> str:
    return " ".join(words)
