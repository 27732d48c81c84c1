"""memory.db from format 2 to 3: a run knows who told of it, and whether it was still under way."""

from __future__ import annotations

import apsw

_COLUMNS = (
    "ci INTEGER NOT NULL DEFAULT 0",
    "recorder TEXT NOT NULL DEFAULT ''",
    "run TEXT NOT NULL DEFAULT ''",
    "running INTEGER NOT NULL DEFAULT 0",
)


def step(db: apsw.Connection) -> None:
    """Inside the transaction that also writes the new format; new tables come with the schema."""
    for column in _COLUMNS:
        db.execute(f"ALTER TABLE runs ADD COLUMN {column}")
