"""Takes the bytes of what was deleted out of a SQLite file: free pages, index segments, the log."""

from __future__ import annotations

import time
from pathlib import Path

import apsw

from common.errors import Unavailable
from dragon_node.lake.database import BUSY_MS, said_plainly

TRIES, PAUSE_S = 100, 0.05
"""How often and how long a reader is waited for that still looks at the old state."""


def scrub(path: Path) -> None:
    """Rewrites the file without what is free in it, and empties its log. On any thread but the
    loop's; others read and write meanwhile. Unavailable when somebody reads for so long that the
    log cannot be emptied; OverLimit when there is no room for the rewritten file."""
    with said_plainly(path):
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            db.set_busy_timeout(BUSY_MS)
            db.pragma("synchronous", "OFF")
            db.pragma("secure_delete", "on")
            for name in _full_text(db):
                db.execute(f"INSERT INTO {name}({name}) VALUES('optimize')")
            db.execute("VACUUM")
            _empty_log(db, path)
        finally:
            db.close()


def _full_text(db: apsw.Connection) -> list[str]:
    """A deleted row's words stay in FTS5's segments until they are merged."""
    sql = "SELECT name FROM sqlite_schema WHERE type='table' AND sql LIKE '%USING fts5(%'"
    return [name for (name,) in db.execute(sql).fetchall()]


def _empty_log(db: apsw.Connection, path: Path) -> None:
    for _ in range(TRIES):
        try:
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError:
            time.sleep(PAUSE_S)
        else:
            return
    raise Unavailable(f"the log of {path} is being read", hint="Ask again: it goes on from here.")
