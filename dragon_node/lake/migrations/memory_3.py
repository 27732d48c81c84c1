"""memory.db from 2 to 3: runs know who told of them and whether they had ended; modes are kept."""

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
    for table in ("run_changes", "remedy_paths"):
        db.execute(f"ALTER TABLE {table} ADD COLUMN mode TEXT NOT NULL DEFAULT ''")
