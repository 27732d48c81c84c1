"""journal.db of format 2: sealed, it can be cut, and knows which record refers to a content."""

from __future__ import annotations

import apsw

from common.model.event import content_hashes
from common.wire.nouns import event_from_bytes


def step(db: apsw.Connection) -> None:
    """Nothing was cut yet. What no record refers to goes with the first cut."""
    db.execute("CREATE TABLE referred(hash BLOB PRIMARY KEY, lsn INTEGER NOT NULL) WITHOUT ROWID")
    db.execute("INSERT INTO meta VALUES('first_lsn', '0')")
    db.execute("INSERT INTO referred SELECT hash, 0 FROM blobs")
    sql = "SELECT lsn, body FROM records WHERE kind='event' ORDER BY lsn"
    for lsn, body in db.execute(sql):
        keys = [bytes.fromhex(content) for content in content_hashes(event_from_bytes(body).body)]
        db.executemany("UPDATE referred SET lsn=? WHERE hash=?", [(lsn, key) for key in keys])
