"""journal.db as SQL: what one connection does inside one transaction.

records   lsn, origin, seq, kind, node, project, project_name, at_ms, body    every record
blobs     hash, data (zstd)            content, in the transaction of the first record with it
referred  hash, lsn                    the newest record that refers to a content
meta      id                           drawn at making; stores that saw another are not ours
          first_lsn                    what was before it was cut; 0 when nothing was
          terms                        EPOCH:LSN of each note("lead"), oldest first: who wrote what
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import apsw
import zstandard

from common.errors import Corrupt
from common.model.event import Event, content_hashes
from common.model.ids import ContentHash, NodeId, Origin, ProjectId, content_hash
from dragon_node.lake.records import NO_ORIGIN, Blobs, Note, Refusal, Row, RowKind

ZSTD_LEVEL = 3
CUT_RECORDS = 1_000
"""Records that one step of a cut deletes."""
CUT_BLOBS = 200
VACUUM_PAGES = 2_000
"""Pages that one step gives back to the disk."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS records(
  lsn INTEGER PRIMARY KEY, origin TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
  node TEXT NOT NULL, project TEXT NOT NULL, project_name TEXT NOT NULL, at_ms INTEGER NOT NULL,
  body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS records_by_seq ON records(origin, seq);
CREATE INDEX IF NOT EXISTS records_by_project ON records(project, lsn);
CREATE TABLE IF NOT EXISTS blobs(hash BLOB PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS referred(hash BLOB PRIMARY KEY, lsn INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES('id', lower(hex(randomblob(16))));
INSERT OR IGNORE INTO meta VALUES('first_lsn', '0');
"""
_COLUMNS = "lsn, origin, seq, kind, node, project, project_name, at_ms, body"
_INSERT = f"INSERT INTO records({_COLUMNS}) VALUES(?,?,?,?,?,?,?,?,?)"
_REFER = """INSERT INTO referred VALUES(?,?)
  ON CONFLICT(hash) DO UPDATE SET lsn=max(lsn, excluded.lsn)"""

TERMS_MAX = 1_000
"""Leaderships that are remembered; a copy that is further behind is made anew."""

FORGOTTEN = json.dumps({"kind": "forgotten", "fields": {}}).encode()
"""What is left of a record: a note of its origin, sequence and position."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A record before it has its lsn. `decoded` is what `body` says."""

    origin: Origin
    seq: int
    """0 for notes: they take their lsn."""
    kind: RowKind
    node: NodeId
    project: ProjectId
    project_name: str
    at_ms: int
    body: bytes
    decoded: Event | Note | Refusal


@dataclass(frozen=True, slots=True)
class Position:
    """How far a journal reaches."""

    id: str
    first_lsn: int
    """The oldest that is held; 0 when nothing was cut."""
    last_lsn: int
    live_bytes: int
    """Of pages that are in use."""


def position(db: apsw.Connection) -> Position:
    """What the file says of itself."""
    meta: dict[str, str] = dict(db.execute("SELECT name, value FROM meta").fetchall())
    first = int(meta["first_lsn"])
    last: int = db.execute("SELECT coalesce(max(lsn), 0) FROM records").get
    return Position(meta["id"], first, max(last, first - 1), live_bytes(db))


def live_bytes(db: apsw.Connection) -> int:
    """Of pages that are in use; the file may be larger, and what is free in it is used again."""
    pages: int = db.pragma("page_count") - db.pragma("freelist_count")
    return pages * db.pragma("page_size")


def keep(
    db: apsw.Connection, drafts: Sequence[Draft], blobs: Blobs, first_lsn: int
) -> bytes | None:
    """Keeps the contents that come with records, and those that they refer to. The key of one that
    is neither held nor comes with them: then nothing is kept."""
    referred = [
        (bytes.fromhex(content), lsn)
        for lsn, draft in enumerate(drafts, start=first_lsn)
        if isinstance(draft.decoded, Event)
        for content in content_hashes(draft.decoded.body)
        if content not in blobs
    ]
    find = "SELECT 1 FROM blobs WHERE hash=?"
    for key, _ in referred:
        if db.execute(find, (key,)).fetchone() is None:
            return key
    newest = max(first_lsn, first_lsn + len(drafts) - 1)
    if blobs:
        _hold(db, blobs)
        referred += [(bytes.fromhex(content), newest) for content in blobs]
    if referred:
        db.executemany(_REFER, referred)
    return None


def _hold(db: apsw.Connection, blobs: Blobs) -> None:
    packer = zstandard.ZstdCompressor(level=ZSTD_LEVEL)
    for content, raw in blobs.items():
        key = bytes.fromhex(content)
        if db.execute("SELECT 1 FROM blobs WHERE hash=?", (key,)).fetchone() is None:
            db.execute("INSERT INTO blobs VALUES(?,?)", (key, packer.compress(raw)))


def insert(db: apsw.Connection, drafts: Iterable[Draft], first_lsn: int) -> None:
    """Records from this position on."""
    drafts = list(drafts)
    rows = [
        (
            lsn,
            d.origin,
            lsn if d.origin == NO_ORIGIN else d.seq,
            d.kind,
            d.node,
            d.project,
            d.project_name,
            d.at_ms,
            d.body,
        )
        for lsn, d in enumerate(drafts, start=first_lsn)
    ]
    db.executemany(_INSERT, rows)
    begun = [
        (int(d.decoded.fields["epoch"]), lsn)
        for lsn, d in enumerate(drafts, start=first_lsn)
        if isinstance(d.decoded, Note) and d.decoded.kind == "lead"
    ]
    if begun:
        _set(db, "terms", " ".join(f"{e}:{lsn}" for e, lsn in (*terms(db), *begun)[-TERMS_MAX:]))


def terms(db: apsw.Connection) -> tuple[tuple[int, int], ...]:
    """(epoch, first lsn) of each leadership that wrote here, oldest first; one dragon alone needs
    none."""
    row = db.execute("SELECT value FROM meta WHERE name='terms'").fetchone()
    pairs = (pair.split(":") for pair in (row[0].split() if row else ()))
    return tuple((int(epoch), int(lsn)) for epoch, lsn in pairs)


def adopt(db: apsw.Connection, identity: str) -> bool:
    """Takes another journal's identity, to become its copy; False when something was written."""
    if db.execute("SELECT 1 FROM records LIMIT 1").fetchone() or position(db).first_lsn:
        return False
    _set(db, "id", identity)
    return True


def _set(db: apsw.Connection, name: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO meta VALUES(?,?)", (name, value))


def holds(db: apsw.Connection, hashes: Sequence[ContentHash]) -> set[ContentHash]:
    """Which of these contents are held."""
    find = "SELECT 1 FROM blobs WHERE hash=?"
    return {h for h in hashes if db.execute(find, (bytes.fromhex(h),)).fetchone()}


def contents(db: apsw.Connection, hashes: Sequence[ContentHash]) -> dict[ContentHash, bytes]:
    """Raw contents, as far as they are held."""
    found: dict[ContentHash, bytes] = {}
    for h in hashes:
        row = db.execute("SELECT data FROM blobs WHERE hash=?", (bytes.fromhex(h),)).fetchone()
        if row is not None:
            found[h] = unpack(h, row[0])
    return found


def rows(db: apsw.Connection, after: int, limit: int, project: ProjectId | None) -> list[Row]:
    """Records after an lsn, in order; of one project when it is given."""
    where = "lsn>?" if project is None else "project=? AND lsn>?"
    bindings = (after,) if project is None else (project, after)
    sql = f"SELECT {_COLUMNS} FROM records WHERE {where} ORDER BY lsn LIMIT ?"
    return [Row(*row) for row in db.execute(sql, (*bindings, limit))]


def projects(db: apsw.Connection) -> list[ProjectId]:
    """Every project that a record is stamped with."""
    # A skip scan: one step in the index for each project, not one for each record.
    sql = """WITH RECURSIVE p(id) AS (
               SELECT min(project) FROM records
               UNION ALL
               SELECT (SELECT min(project) FROM records WHERE project>p.id) FROM p
               WHERE p.id IS NOT NULL)
             SELECT id FROM p WHERE id IS NOT NULL AND id<>''"""
    return [ProjectId(row[0]) for row in db.execute(sql)]


def unpack(content: ContentHash, data: bytes) -> bytes:
    """Raw content; Corrupt when it is not what its name says."""
    try:
        raw = zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise Corrupt(f"content {content} cannot be unpacked: {error}") from error
    if content_hash(raw) != content:
        raise Corrupt(f"content {content} is not what its name says")
    return raw


# -- what is taken out again ------------------------------------------------------------------


def begin_cut(db: apsw.Connection, upto: int) -> None:
    """From here on nothing up to this position may be counted on."""
    db.execute("UPDATE meta SET value=? WHERE name='first_lsn'", (str(upto + 1),))


def cut_records(db: apsw.Connection, upto: int) -> bool:
    """Deletes some of the records; True while there may be more."""
    oldest = db.execute("SELECT min(lsn) FROM records").get
    if oldest is None or oldest > upto:
        return False
    db.execute("DELETE FROM records WHERE lsn<=?", (min(upto, oldest + CUT_RECORDS - 1),))
    return True


def cut_blobs(db: apsw.Connection, upto: int, after: bytes) -> bytes | None:
    """Deletes some of the contents that no record refers to any more, in the order of their
    hashes; where to go on, or None at the end."""
    sql = "SELECT hash FROM referred WHERE hash>? AND lsn<=? ORDER BY hash LIMIT ?"
    found = [row[0] for row in db.execute(sql, (after, upto, CUT_BLOBS))]
    _erase(db, found)
    return found[-1] if found else None


def give_back(db: apsw.Connection) -> bool:
    """Returns some free pages to the disk; True while there are more."""
    if db.pragma("auto_vacuum") != _INCREMENTAL or not db.pragma("freelist_count"):
        return False
    db.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
    return True


def overwrite(db: apsw.Connection, lsns: Collection[int], hashes: Collection[ContentHash]) -> None:
    """Puts a tombstone in the place of each record, and erases these contents."""
    db.executemany(
        "UPDATE records SET kind='note', body=? WHERE lsn=?", [(FORGOTTEN, lsn) for lsn in lsns]
    )
    _erase(db, [bytes.fromhex(h) for h in hashes])


def _erase(db: apsw.Connection, keys: Sequence[bytes]) -> None:
    db.executemany("DELETE FROM blobs WHERE hash=?", [(key,) for key in keys])
    db.executemany("DELETE FROM referred WHERE hash=?", [(key,) for key in keys])


_INCREMENTAL = 2
