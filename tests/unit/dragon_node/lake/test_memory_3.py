"""memory.db as format 2 left it gets the columns that a new one has, in their order."""

from __future__ import annotations

import apsw

from dragon_node.failures.memory import FailureMemory
from dragon_node.lake.migrations import memory_3

FORMAT_2 = """
CREATE TABLE runs(
  lsn INTEGER PRIMARY KEY, event_id TEXT NOT NULL, project TEXT NOT NULL,
  project_name TEXT NOT NULL, wc TEXT NOT NULL, at_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL, command TEXT NOT NULL, cwd TEXT NOT NULL, ok INTEGER NOT NULL,
  head TEXT NOT NULL, tree TEXT NOT NULL, tree_after TEXT NOT NULL, previous_tree TEXT NOT NULL,
  lock_hash TEXT NOT NULL, interpreter TEXT NOT NULL, packages TEXT NOT NULL,
  variables TEXT NOT NULL, tested INTEGER NOT NULL, passed INTEGER NOT NULL,
  failed INTEGER NOT NULL, skipped INTEGER NOT NULL, deselected INTEGER NOT NULL,
  unnamed INTEGER NOT NULL);
CREATE TABLE run_changes(
  lsn INTEGER NOT NULL, path TEXT NOT NULL, old_git TEXT NOT NULL, new_git TEXT NOT NULL,
  old_content TEXT NOT NULL, new_content TEXT NOT NULL, PRIMARY KEY(lsn, path)) WITHOUT ROWID;
CREATE TABLE remedy_paths(
  remedy TEXT NOT NULL, path TEXT NOT NULL, related INTEGER NOT NULL, old_git TEXT NOT NULL,
  new_git TEXT NOT NULL, old_content TEXT NOT NULL, new_content TEXT NOT NULL,
  PRIMARY KEY(remedy, path)) WITHOUT ROWID;
INSERT INTO run_changes VALUES (1, 'a.py', 'x', 'y', '', '');
INSERT INTO remedy_paths VALUES ('r', 'a.py', 1, 'x', 'y', '', '');
"""


def _columns(db: apsw.Connection, table: str) -> list[tuple[object, ...]]:
    rows = db.execute(f"PRAGMA table_info({table})")
    return [(name, sort, needed, default) for _, name, sort, needed, default, _ in rows]


def test_an_older_memory_gets_the_columns_of_a_new_one() -> None:
    old, new = apsw.Connection(":memory:"), apsw.Connection(":memory:")
    old.execute(FORMAT_2)
    memory_3.step(old)
    for db in (old, new):
        db.execute(FailureMemory().schema)
    for table in ("runs", "run_changes", "remedy_paths"):
        assert _columns(old, table) == _columns(new, table)
    for table in ("run_changes", "remedy_paths"):
        assert old.execute(f"SELECT mode FROM {table}").get == "", "the rows are kept"
