"""Embeddings in SQLite: in each project's file, and on SSD.

embeddings.db on SSD          embedder, hash, vector (f16): outlives a lost RAM disk
embeddings in projects/ID.db  hash, embedder, vector (f16): the truth while the lake lives; one
                              vector a hash, the newest embedder's once it has made one
embedders                     their names, and how many chunks have a vector of each
unembedded                    chunks without a vector of the newest embedder

The last two are kept by triggers: nobody counts and nobody searches a million chunks for the few
that lack something.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw
import numpy as np
import numpy.typing as npt

from common.daemon.keys import SealingKey
from common.errors import Unavailable
from common.model.ids import ContentHash
from dragon_node.lake.database import Owned, said_plainly, transaction
from dragon_node.lake.scope import EVERYWHERE, Scope, docs
from dragon_node.lake.vectors.port import Vector

Made = Sequence[tuple[ContentHash, Vector]]
"""Vectors by the hash of their chunk."""

_NEWEST = "SELECT id FROM embedders ORDER BY turn DESC LIMIT 1"
_CHUNKS = "SELECT count(*) FROM chunks WHERE hash"
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS embedders(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, turn INTEGER NOT NULL,
  chunks INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS embeddings(
  id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, embedder INTEGER NOT NULL,
  vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS unembedded(chunk INTEGER PRIMARY KEY);
CREATE TRIGGER IF NOT EXISTS chunk_came AFTER INSERT ON chunks BEGIN
  INSERT INTO unembedded SELECT new.id WHERE NOT EXISTS(
    SELECT 1 FROM embeddings WHERE hash=new.hash AND embedder=({_NEWEST}));
  UPDATE embedders SET chunks=chunks+1
    WHERE id=(SELECT embedder FROM embeddings WHERE hash=new.hash);
END;
CREATE TRIGGER IF NOT EXISTS chunk_went AFTER DELETE ON chunks BEGIN
  DELETE FROM unembedded WHERE chunk=old.id;
  UPDATE embedders SET chunks=chunks-1
    WHERE id=(SELECT embedder FROM embeddings WHERE hash=old.hash);
END;
CREATE TRIGGER IF NOT EXISTS embedding_came AFTER INSERT ON embeddings BEGIN
  DELETE FROM unembedded WHERE new.embedder=({_NEWEST})
    AND chunk IN (SELECT id FROM chunks WHERE hash=new.hash);
  UPDATE embedders SET chunks=chunks+({_CHUNKS}=new.hash) WHERE id=new.embedder;
END;
CREATE TRIGGER IF NOT EXISTS embedding_went AFTER DELETE ON embeddings BEGIN
  INSERT OR IGNORE INTO unembedded SELECT id FROM chunks WHERE hash=old.hash;
  UPDATE embedders SET chunks=chunks-({_CHUNKS}=old.hash) WHERE id=old.embedder;
END;
"""
DISK_SCHEMA = """
CREATE TABLE IF NOT EXISTS embeddings(
  embedder TEXT NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL,
  PRIMARY KEY(embedder, hash)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Block:
    """Some vectors of one embedder, in the order in which they were kept."""

    keys: list[ContentHash]
    vectors: list[bytes]
    """Half precision, as they lie there."""
    last: int
    """Ask for what comes after this."""

    def rows(self) -> npt.NDArray[np.float16]:
        """(n, dimension)."""
        return np.frombuffer(b"".join(self.vectors), dtype=np.float16).reshape(len(self.keys), -1)


def packed(vector: Vector) -> bytes:
    """Half precision: half the memory, and no rank changes that matters."""
    return vector.astype(np.float16).tobytes()


def unpacked(data: bytes) -> Vector:
    """As it is searched."""
    return np.frombuffer(data, dtype=np.float16).astype(np.float32)


def block(db: apsw.Connection, embedder: str, after: int, limit: int) -> Block | None:
    """The next vectors of this embedder; None when there are no more."""
    rows = db.execute(
        """SELECT id, hash, vector FROM embeddings
           WHERE id>? AND embedder=(SELECT id FROM embedders WHERE name=?) ORDER BY id LIMIT ?""",
        (after, embedder, limit),
    ).fetchall()
    if not rows:
        return None
    keys = [ContentHash(row[1].hex()) for row in rows]
    return Block(keys, [row[2] for row in rows], rows[-1][0])


def embedders(db: apsw.Connection) -> list[str]:
    """Those that some chunk has a vector of, the newest first."""
    return [
        row[0] for row in db.execute("SELECT name FROM embedders WHERE chunks>0 ORDER BY turn DESC")
    ]


def count(db: apsw.Connection) -> int:
    """Chunks that have a vector of the newest embedder."""
    row = db.execute("SELECT chunks FROM embedders ORDER BY turn DESC LIMIT 1").fetchone()
    return 0 if row is None else row[0]


def lacking(db: apsw.Connection, embedder: str, limit: int) -> list[tuple[ContentHash, int]]:
    """Chunk hashes without a vector of this embedder, newest chunks first, with one chunk each."""
    if _newest(db) in (None, embedder):
        rows = db.execute(
            """SELECT chunks.hash, chunks.id FROM unembedded JOIN chunks ON chunks.id=chunk
               ORDER BY chunk DESC LIMIT ?""",
            (limit,),
        )
    else:
        rows = db.execute(
            """SELECT hash, id FROM chunks WHERE NOT EXISTS(
                 SELECT 1 FROM embeddings JOIN embedders ON embedders.id=embedder
                 WHERE embeddings.hash=chunks.hash AND name=?)
               ORDER BY id DESC LIMIT ?""",
            (embedder, limit),
        )
    newest: dict[ContentHash, int] = {}
    for key, chunk in rows:
        newest.setdefault(ContentHash(key.hex()), chunk)
    return list(newest.items())


def any_of(db: apsw.Connection, hashes: Iterable[ContentHash]) -> bool:
    """Whether there is a chunk with one of these hashes."""
    find = "SELECT 1 FROM chunks WHERE hash=?"
    return any(db.execute(find, (bytes.fromhex(h),)).fetchone() for h in hashes)


def put(db: apsw.Connection, embedder: str, vectors: Made) -> list[tuple[ContentHash, Vector]]:
    """Keeps those whose chunk is still there, in place of another embedder's; returns them."""
    kept = [
        (content, vector)
        for content, vector in vectors
        if db.execute("SELECT 1 FROM chunks WHERE hash=?", (bytes.fromhex(content),)).fetchone()
    ]
    if kept:
        turn = _turn_to(db, embedder)
        rows = [(bytes.fromhex(content), turn, packed(vector)) for content, vector in kept]
        db.executemany("DELETE FROM embeddings WHERE hash=?", [row[:1] for row in rows])
        db.executemany("INSERT INTO embeddings(hash, embedder, vector) VALUES(?,?,?)", rows)
    return kept


def remove(db: apsw.Connection, hashes: Iterable[ContentHash]) -> None:
    """Deletes these vectors, of whatever embedder."""
    db.executemany("DELETE FROM embeddings WHERE hash=?", [(bytes.fromhex(h),) for h in hashes])


def put_on_disk(db: apsw.Connection, embedder: str, vectors: Made) -> None:
    """Keeps them on SSD."""
    db.executemany(
        "INSERT OR REPLACE INTO embeddings VALUES(?,?,?)",
        [(embedder, bytes.fromhex(content), packed(vector)) for content, vector in vectors],
    )


def from_disk(
    db: apsw.Connection, embedder: str, hashes: Iterable[ContentHash]
) -> list[tuple[ContentHash, Vector]]:
    """Those that were made before."""
    sql = "SELECT vector FROM embeddings WHERE embedder=? AND hash=?"
    found: list[tuple[ContentHash, Vector]] = []
    for content in hashes:
        row = db.execute(sql, (embedder, bytes.fromhex(content))).fetchone()
        if row is not None:
            found.append((content, unpacked(row[0])))
    return found


def on_disk(
    db: apsw.Connection, after: tuple[str, ContentHash], limit: int
) -> list[tuple[str, ContentHash]]:
    """The next vectors kept on SSD, by embedder and hash; empty at the end."""
    embedder, content = after
    rows = db.execute(
        """SELECT embedder, hash FROM embeddings WHERE (embedder, hash)>(?,?)
           ORDER BY embedder, hash LIMIT ?""",
        (embedder, bytes.fromhex(content), limit),
    )
    return [(name, ContentHash(key.hex())) for name, key in rows]


def standing(db: apsw.Connection, hashes: Iterable[ContentHash]) -> set[ContentHash]:
    """Of which of these the project has a chunk."""
    find = "SELECT 1 FROM chunks WHERE hash=? LIMIT 1"
    return {h for h in hashes if db.execute(find, (bytes.fromhex(h),)).fetchone()}


def erase_on_disk(path: Path, key: SealingKey | None, hashes: Iterable[ContentHash]) -> None:
    """Deletes these from the file on SSD, of every embedder, and their bytes from its free pages
    and its log. Unavailable when somebody reads for so long that the log cannot be emptied."""
    keys = [bytes.fromhex(content) for content in hashes]
    with said_plainly(path):
        owned = Owned(path, synchronous="FULL", key=key)
        try:
            db = owned.connection
            db.pragma("secure_delete", "on")
            with transaction(db, "IMMEDIATE"):
                names = db.execute("SELECT DISTINCT embedder FROM embeddings").fetchall()
                doomed = [(*name, key) for name in names for key in keys]
                db.executemany("DELETE FROM embeddings WHERE embedder=? AND hash=?", doomed)
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError as error:
            raise Unavailable(f"{path} is being read or written", hint="Ask again.") from error
        finally:
            owned.close()


def chunks_of(
    db: apsw.Connection, hashes: Sequence[ContentHash], scope: Scope = EVERYWHERE
) -> dict[ContentHash, int]:
    """The newest chunk with each of these hashes, of those inside; where there is one."""
    where = docs(scope)
    # One statement for all: a list of candidates has hundreds.
    rows = db.execute(
        f"""SELECT lower(hex(chunks.hash)), max(chunks.id)
            FROM json_each(?) AS asked JOIN chunks ON chunks.hash=unhex(asked.value)
            JOIN docs ON docs.id=chunks.doc WHERE {where.sql} GROUP BY chunks.hash""",
        (json.dumps(list(hashes)), *where.bindings),
    )
    return {ContentHash(content): int(chunk) for content, chunk in rows}


def _newest(db: apsw.Connection) -> str | None:
    row = db.execute("SELECT name FROM embedders ORDER BY turn DESC LIMIT 1").fetchone()
    return None if row is None else row[0]


def _turn_to(db: apsw.Connection, embedder: str) -> int:
    """The id of an embedder, which is the newest from here on."""
    if _newest(db) != embedder:
        db.execute(
            """INSERT INTO embedders(name, turn, chunks)
               VALUES(?, (SELECT coalesce(max(turn), 0) + 1 FROM embedders), 0)
               ON CONFLICT(name) DO UPDATE SET turn=excluded.turn""",
            (embedder,),
        )
        db.execute("DELETE FROM unembedded")
        db.execute(
            f"""INSERT INTO unembedded SELECT id FROM chunks WHERE NOT EXISTS(
                 SELECT 1 FROM embeddings WHERE hash=chunks.hash AND embedder=({_NEWEST}))"""
        )
    return db.execute("SELECT id FROM embedders WHERE name=?", (embedder,)).get
