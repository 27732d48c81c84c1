"""Tables of a project's code.

blobs      hash, data, lines, size       every content that an event of the project refers to
docs       id, path, content, language   a file's content under its path, shared by working copies
versions   working_copy, path -> doc     the newest of each file; deleted files have none
saves      path, working_copy, content   every version that was saved, the newest too, a few deep
commits    sha, parent, whole            what the commits of this project are made from
committed  commit_sha, path -> content   files as a commit has them, where that was told
renames    old_path -> new_path          a file that lives on under another name
grounds    content                       what recorded commands stood on
copies     working_copy: path, head, indexed commit, files as the laptop counts them, files kept,
           anew: the lsn since which the laptop tells every file again; 0 when it does not
chunks     id, doc, lines, characters, symbol, hash, lsn
symbols    name, qualified, kind, lines, doc, chunk
trigrams   which blocks of docs contain which three characters, see trigrams.py
gone       chunk, lsn                    chunks that derived indexes may still hold
"""

from __future__ import annotations

from dragon_node.lake.code import trigrams

SCHEMA = (
    trigrams.SCHEMA
    + """
CREATE TABLE IF NOT EXISTS blobs(
  hash BLOB PRIMARY KEY, data BLOB NOT NULL, lines BLOB NOT NULL, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS docs(
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, content BLOB NOT NULL,
  language TEXT NOT NULL, UNIQUE(path, content));
CREATE INDEX IF NOT EXISTS docs_by_content ON docs(content);
CREATE TABLE IF NOT EXISTS versions(
  working_copy TEXT NOT NULL, path TEXT NOT NULL, doc INTEGER, git_blob TEXT NOT NULL,
  size INTEGER NOT NULL, skipped TEXT NOT NULL, commit_sha TEXT NOT NULL, dirty INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, lsn INTEGER NOT NULL, PRIMARY KEY(working_copy, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS versions_by_doc ON versions(doc);
CREATE TABLE IF NOT EXISTS saves(
  id INTEGER PRIMARY KEY, working_copy TEXT NOT NULL, path TEXT NOT NULL, content BLOB,
  git_blob TEXT NOT NULL, size INTEGER NOT NULL, skipped TEXT NOT NULL, deleted INTEGER NOT NULL,
  commit_sha TEXT NOT NULL, dirty INTEGER NOT NULL, at_ms INTEGER NOT NULL, lsn INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS saves_by_path ON saves(path, working_copy);
CREATE INDEX IF NOT EXISTS saves_by_content ON saves(content) WHERE content IS NOT NULL;
CREATE TABLE IF NOT EXISTS commits(
  sha TEXT PRIMARY KEY, parent TEXT NOT NULL, at_ms INTEGER NOT NULL, whole INTEGER NOT NULL,
  lsn INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS commits_by_parent ON commits(parent);
CREATE TABLE IF NOT EXISTS committed(
  commit_sha TEXT NOT NULL, path TEXT NOT NULL, content BLOB, absent INTEGER NOT NULL,
  changed INTEGER NOT NULL, at_ms INTEGER NOT NULL, lsn INTEGER NOT NULL,
  PRIMARY KEY(commit_sha, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS committed_by_path ON committed(path, lsn);
CREATE INDEX IF NOT EXISTS committed_by_content ON committed(content) WHERE content IS NOT NULL;
CREATE TABLE IF NOT EXISTS renames(
  id INTEGER PRIMARY KEY, old_path TEXT NOT NULL, new_path TEXT NOT NULL,
  commit_sha TEXT NOT NULL, at_ms INTEGER NOT NULL, lsn INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS renames_by_new ON renames(new_path);
CREATE TABLE IF NOT EXISTS grounds(content BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS copies(
  working_copy TEXT PRIMARY KEY, path TEXT NOT NULL, head TEXT NOT NULL, indexed TEXT NOT NULL,
  files INTEGER NOT NULL, kept INTEGER NOT NULL, anew INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks(
  id INTEGER PRIMARY KEY AUTOINCREMENT, doc INTEGER NOT NULL, start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, symbol TEXT NOT NULL,
  hash BLOB NOT NULL, lsn INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS chunks_by_doc ON chunks(doc);
CREATE INDEX IF NOT EXISTS chunks_by_hash ON chunks(hash);
CREATE INDEX IF NOT EXISTS chunks_by_lsn ON chunks(lsn);
CREATE TABLE IF NOT EXISTS symbols(
  name TEXT NOT NULL COLLATE NOCASE, qualified TEXT NOT NULL, kind TEXT NOT NULL,
  start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, doc INTEGER NOT NULL,
  chunk INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS symbols_by_name ON symbols(name);
CREATE INDEX IF NOT EXISTS symbols_by_doc ON symbols(doc);
CREATE TABLE IF NOT EXISTS gone(chunk INTEGER PRIMARY KEY, lsn INTEGER NOT NULL);
"""
)
