"""Forgetting in memory.db, as its note is applied.

forgets   lsn, id, fields, done     what was asked for; done when every step has been
secrets   hash                      contents that are not taken in again
An event that was forgotten stays in `seen`, of no project: it is known when it comes again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import apsw

from common.model.ids import ContentHash, EventId, ProjectId
from dragon_node.lake.forgetting import notes
from dragon_node.lake.forgetting.notes import Oblivious
from dragon_node.lake.records import Note

SCHEMA = """
CREATE TABLE IF NOT EXISTS forgets(
  lsn INTEGER PRIMARY KEY, id TEXT NOT NULL, fields TEXT NOT NULL, done INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS secrets(hash BLOB PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a laptop is told, so that it forgets it too."""

    lsn: int
    project: ProjectId
    path: str
    """As it was asked for; empty when it was not by path."""
    events: tuple[EventId, ...]
    contents: tuple[ContentHash, ...]


def apply(db: apsw.Connection, lsn: int, note: Note) -> None:
    """Of the tables that are not the failure memory's."""
    if note.kind == "forgot":
        db.execute("UPDATE forgets SET done=1 WHERE id=?", (note.fields["id"],))
    if note.kind != "forget":
        return
    meant = notes.read(note.fields)
    db.execute(
        "INSERT OR REPLACE INTO forgets VALUES(?,?,?,0)", (lsn, meant.id, json.dumps(note.fields))
    )
    db.executemany(
        """INSERT INTO seen VALUES(?,?,'') ON CONFLICT(id) DO UPDATE SET project=''""",
        [(bytes.fromhex(e), at) for e, at in zip(meant.events, meant.lsns, strict=True)],
    )
    db.executemany(
        "INSERT OR IGNORE INTO secrets VALUES(?)", [(bytes.fromhex(h),) for h in meant.secrets]
    )
    for copy in meant.copies:
        # The project stays: what comes from there later belongs to it as before.
        db.execute(
            "UPDATE copies SET path='', machine='', remotes='[]', roots='[]' WHERE id=?", (copy,)
        )
    _drop_refusals(db, meant.refusals)


def pending(db: apsw.Connection) -> dict[str, list[Oblivious]]:
    """Forgettings that have begun and not ended, by id."""
    found: dict[str, list[Oblivious]] = {}
    for identity, fields in db.execute(
        "SELECT id, fields FROM forgets WHERE NOT done ORDER BY lsn"
    ):
        found.setdefault(identity, []).append(notes.read(json.loads(fields)))
    return found


def told_after(db: apsw.Connection, lsn: int) -> list[Forgotten]:
    """What was forgotten after a position, oldest first."""
    rows = db.execute("SELECT lsn, fields FROM forgets WHERE lsn>? ORDER BY lsn", (lsn,)).fetchall()
    read = ((at, notes.read(json.loads(fields))) for at, fields in rows)
    return [Forgotten(at, m.project, m.path, m.events, m.contents) for at, m in read]


def knows(db: apsw.Connection, identity: str) -> bool:
    """Whether a forgetting of this id was noted."""
    return db.execute("SELECT 1 FROM forgets WHERE id=?", (identity,)).fetchone() is not None


def noted_after(db: apsw.Connection, lsn: int) -> list[tuple[int, Oblivious]]:
    """What was forgotten after a position, oldest first, as it was noted."""
    rows = db.execute("SELECT lsn, fields FROM forgets WHERE lsn>? ORDER BY lsn", (lsn,)).fetchall()
    return [(at, notes.read(json.loads(fields))) for at, fields in rows]


def is_any(db: apsw.Connection) -> bool:
    """Whether anything was ever forgotten."""
    return db.execute("SELECT 1 FROM forgets LIMIT 1").fetchone() is not None


def forgotten(db: apsw.Connection, events: Iterable[EventId]) -> set[EventId]:
    """Which of these events were."""
    find = "SELECT 1 FROM seen WHERE id=? AND project=''"
    return {e for e in events if db.execute(find, (bytes.fromhex(e),)).fetchone()}


def secret(db: apsw.Connection, contents: Collection[ContentHash]) -> set[ContentHash]:
    """Which of these contents are not taken in again."""
    find = "SELECT 1 FROM secrets WHERE hash=?"
    return {h for h in contents if db.execute(find, (bytes.fromhex(h),)).fetchone()}


def _drop_refusals(db: apsw.Connection, refusals: Iterable[str]) -> None:
    keys = (refusal.split(":")[1:] for refusal in refusals)
    db.executemany(
        "DELETE FROM refusals WHERE origin=? AND seq=?", [(o, int(seq)) for o, seq in keys]
    )
