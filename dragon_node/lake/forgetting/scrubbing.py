"""Takes the bytes of what was deleted out of a SQLite file: free pages, index segments, the log."""

from __future__ import annotations

import time

import apsw

from common.errors import Unavailable

TRIES, PAUSE_S = 100, 0.05
"""How often and how long a reader is waited for that still looks at the old state."""


def scrub(db: apsw.Connection) -> None:
    """Rewrites the file without what is free in it, and empties its log. Outside a transaction.

    Unavailable when somebody reads for so long that the log cannot be emptied.
    """
    for name in _full_text(db):
        db.execute(f"INSERT INTO {name}({name}) VALUES('optimize')")
    db.execute("VACUUM")
    for _ in range(TRIES):
        try:
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError:
            time.sleep(PAUSE_S)
        else:
            return
    raise Unavailable("the log of a file is being read", hint="Ask again: it goes on from here.")


def _full_text(db: apsw.Connection) -> list[str]:
    """A deleted row's words stay in FTS5's segments until they are merged."""
    sql = "SELECT name FROM sqlite_schema WHERE type='table' AND sql LIKE '%USING fts5(%'"
    return [name for (name,) in db.execute(sql).fetchall()]
