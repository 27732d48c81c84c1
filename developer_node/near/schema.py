"""The mirror on disk: one SQLite file, WAL, sealed (near.db). All of it can be fetched again.

meta        epoch, cursor: up to where the Dragon told events; as_of_ms: when it had told all;
            since_ms: symptoms that were last seen before it were left out for want of room
symptoms    what the Dragon remembers of a failure with these values, by stamp; face: as much of
            the failure as is compared with a text; body: the whole, packed
events      the newest, light; words: what they are found under; epoch: of the memory that told
verdicts    what was said here of a remedy and the Dragon has not repeated yet
"""

from __future__ import annotations

from common.sealed_sqlite import FileFormat

MIRROR = FileFormat("mirror", 1, {}, shrinks=True)
"""A file of another format is not brought into this one: it is fetched anew."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS symptoms(
    fingerprint TEXT NOT NULL, "values" TEXT NOT NULL, stamp TEXT NOT NULL,
    newest INTEGER NOT NULL, at_ms INTEGER NOT NULL, face BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY(fingerprint, "values"));
CREATE INDEX IF NOT EXISTS symptoms_newest ON symptoms(newest);
CREATE INDEX IF NOT EXISTS symptoms_time ON symptoms(at_ms);
CREATE TABLE IF NOT EXISTS events(
    id TEXT PRIMARY KEY, cursor INTEGER NOT NULL, at_ms INTEGER NOT NULL, kind TEXT NOT NULL,
    working_copy TEXT NOT NULL, project TEXT NOT NULL, words TEXT NOT NULL, epoch TEXT NOT NULL,
    body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS events_cursor ON events(cursor);
CREATE TABLE IF NOT EXISTS verdicts(
    remedy TEXT PRIMARY KEY, verdict TEXT NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
"""
