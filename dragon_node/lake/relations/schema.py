"""Tables of relations in a project's file.

things   id, kind, name, label, size    what edges join; size: of a commit, the files it changed
edges    source, verb, target, lsn      one row for each event that bears the relation out
files    path, stem                     files that have a doc, by what imports call them
imports  doc, key                       what a doc names of others
modules  key, name, path                what such a name means: a file of the project, '' for none
                                        of it, NULL while it has to be looked up again
"""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS things(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL,
  size INTEGER NOT NULL, UNIQUE(kind, name));
CREATE TABLE IF NOT EXISTS edges(
  source INTEGER NOT NULL, verb TEXT NOT NULL, target INTEGER NOT NULL, lsn INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, PRIMARY KEY(source, verb, target, lsn)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS edges_back ON edges(target, verb, source);
CREATE INDEX IF NOT EXISTS edges_by_lsn ON edges(lsn);
CREATE TABLE IF NOT EXISTS files(path TEXT PRIMARY KEY, stem TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_by_stem ON files(stem);
CREATE TABLE IF NOT EXISTS imports(
  doc INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY(doc, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS imports_by_key ON imports(key);
CREATE TABLE IF NOT EXISTS modules(
  key TEXT PRIMARY KEY, name TEXT NOT NULL, last TEXT NOT NULL, other TEXT NOT NULL,
  path TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS modules_by_name ON modules(name);
CREATE INDEX IF NOT EXISTS modules_by_path ON modules(path);
CREATE INDEX IF NOT EXISTS modules_by_last ON modules(last);
CREATE INDEX IF NOT EXISTS modules_by_other ON modules(other) WHERE other<>'';
CREATE TRIGGER IF NOT EXISTS doc_gone AFTER DELETE ON docs BEGIN
  DELETE FROM imports WHERE doc=old.id;
  DELETE FROM files WHERE path=old.path AND NOT EXISTS(SELECT 1 FROM docs WHERE path=old.path);
  UPDATE modules SET path=NULL
    WHERE path=old.path AND NOT EXISTS(SELECT 1 FROM docs WHERE path=old.path);
END;
CREATE TRIGGER IF NOT EXISTS import_gone AFTER DELETE ON imports BEGIN
  DELETE FROM modules WHERE key=old.key AND NOT EXISTS(SELECT 1 FROM imports WHERE key=old.key);
END;
"""
"""The triggers follow docs wherever they are dropped, in the same transaction."""
