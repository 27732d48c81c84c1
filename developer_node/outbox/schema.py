"""The outbox on disk: one SQLite file, WAL, synchronous=FULL, sealed (formats.py).

meta        origin; last: highest seq given; sent: highest seq ever put on a stream; counters;
            missing: how many of this origin the Dragon never had, as it said last
records     what waits, by seq: the event as bytes and how much of it may be dropped
blobs       content that waiting records refer to, by hash; uses says which record needs which
refused     what the Dragon refused for good, with the reason; bodies are kept
sent_files  the state of each file as it was last recorded, so that a scan reports differences
commits     commits already recorded, so that none is recorded twice
marks       places in reflogs and streams from which a watcher goes on
"""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records(
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, working_copy TEXT NOT NULL,
    droppable INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS records_droppable ON records(seq) WHERE droppable > 0;
CREATE INDEX IF NOT EXISTS records_files ON records(working_copy) WHERE kind = 'file';
CREATE TABLE IF NOT EXISTS blobs(hash TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS uses(
    hash TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(hash, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_seq ON uses(seq);
CREATE TABLE IF NOT EXISTS refused(
    origin TEXT NOT NULL, seq INTEGER NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL,
    body BLOB NOT NULL, PRIMARY KEY(origin, seq));
CREATE TABLE IF NOT EXISTS sent_files(
    working_copy TEXT NOT NULL, path TEXT NOT NULL, git_blob TEXT NOT NULL,
    dirty INTEGER NOT NULL, skipped TEXT NOT NULL,
    PRIMARY KEY(working_copy, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commits(
    working_copy TEXT NOT NULL, sha TEXT NOT NULL, PRIMARY KEY(working_copy, sha)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
