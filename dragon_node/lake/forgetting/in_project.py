"""Forgetting in one project's file, as its note is applied.

unpurged   hash    chunks that went, until their vectors have gone from the SSD too
"""

from __future__ import annotations

import json
from collections.abc import Collection

import apsw

from common.model.ids import ContentHash
from dragon_node.lake import code, history, relations
from dragon_node.lake.forgetting.notes import Oblivious

SCHEMA = "CREATE TABLE IF NOT EXISTS unpurged(hash BLOB PRIMARY KEY) WITHOUT ROWID;"

_BY_LSN = ("saves", "committed", "renames", "commits")
_BY_CONTENT = ("saves", "grounds")


def apply(db: apsw.Connection, meant: Oblivious, lsn: int, changed: code.Changed) -> None:
    """Takes out the events, what they alone have told, and what they alone refer to."""
    lsns = _held(db, meant)
    history.remove(db, lsns)
    told = json.dumps(lsns)
    for table in _BY_LSN:
        db.execute(f"DELETE FROM {table} WHERE lsn IN (SELECT value FROM json_each(?))", (told,))
    _drop_versions(db, told, lsn, changed)
    _drop_contents(db, meant.contents, lsn, changed)
    for copy in meant.copies:
        db.execute("UPDATE copies SET path='' WHERE working_copy=?", (copy,))
    relations.forget(db, lsns)
    _count_again(db)
    db.executemany(
        "INSERT OR IGNORE INTO unpurged VALUES(?)",
        [(bytes.fromhex(content),) for content in changed.dead],
    )


def unpurged(db: apsw.Connection) -> list[ContentHash]:
    """Chunks whose vectors may still lie on the SSD."""
    return [ContentHash(row[0].hex()) for row in db.execute("SELECT hash FROM unpurged")]


def purged(db: apsw.Connection) -> None:
    """They do not."""
    db.execute("DELETE FROM unpurged")


def referred(db: apsw.Connection, contents: Collection[ContentHash]) -> set[ContentHash]:
    """Which of these an event of the project still refers to."""
    find = "SELECT 1 FROM refs WHERE hash=? LIMIT 1"
    return {h for h in contents if db.execute(find, (bytes.fromhex(h),)).fetchone()}


def _held(db: apsw.Connection, meant: Oblivious) -> list[int]:
    find = "SELECT lsn FROM events WHERE id=?"
    rows = (db.execute(find, (bytes.fromhex(event),)).fetchone() for event in meant.events)
    return [row[0] for row in rows if row is not None]


def _drop_versions(db: apsw.Connection, told: str, lsn: int, changed: code.Changed) -> None:
    rows = db.execute(
        """DELETE FROM versions WHERE lsn IN (SELECT value FROM json_each(?)) RETURNING doc""",
        (told,),
    ).fetchall()
    for (doc,) in rows:
        code.release(db, doc, lsn, changed)


def _drop_contents(
    db: apsw.Connection, contents: Collection[ContentHash], lsn: int, changed: code.Changed
) -> None:
    for content in set(contents) - referred(db, contents):
        key = bytes.fromhex(content)
        for (doc,) in db.execute("SELECT id FROM docs WHERE content=?", (key,)).fetchall():
            db.execute("DELETE FROM versions WHERE doc=?", (doc,))
            code.release(db, doc, lsn, changed)
        for table in _BY_CONTENT:
            db.execute(f"DELETE FROM {table} WHERE content=?", (key,))
        # The commit did change the file: without the row its parent's text would be its own.
        db.execute("UPDATE committed SET content=NULL WHERE content=?", (key,))
        code.free(db, key)


def _count_again(db: apsw.Connection) -> None:
    """Files that are not here any more are not behind: nothing is going to bring them."""
    db.execute(
        """UPDATE copies SET
             files=CASE WHEN files<0 THEN files ELSE max(0, files - (kept - (
               SELECT count(*) FROM versions v WHERE v.working_copy=copies.working_copy
               AND v.skipped=''))) END,
             kept=(SELECT count(*) FROM versions v WHERE v.working_copy=copies.working_copy
               AND v.skipped='')"""
    )
