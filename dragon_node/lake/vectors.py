"""Embeddings: where they are kept, and the nearest of them.

embeddings.db on SSD          hash, embedder, vector (f16): outlives a lost RAM disk
embeddings in projects/ID.db  hash, embedder, vector (f16): the truth while the lake lives
VectorIndex in memory         derived from the latter
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

import apsw
import numpy as np
import numpy.typing as npt

from common.errors import Invalid
from common.model.ids import ContentHash

Vector = npt.NDArray[np.float32]
"""One dimension, unit length."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS embeddings(
  hash BLOB PRIMARY KEY, embedder TEXT NOT NULL, vector BLOB NOT NULL) WITHOUT ROWID;
"""
DISK_SCHEMA = """
CREATE TABLE IF NOT EXISTS embeddings(
  embedder TEXT NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL,
  PRIMARY KEY(embedder, hash)) WITHOUT ROWID;
"""
_GROWTH = 1.5


class VectorIndex(Protocol):
    """Nearest vectors by cosine. Vectors are of unit length."""

    def add(self, keys: Sequence[ContentHash], vectors: Sequence[Vector]) -> None:
        """Adds or replaces."""
        ...

    def tombstone(self, keys: Iterable[ContentHash]) -> None:
        """They are not found any more. Keys that are not here are passed over."""
        ...

    def search(
        self, vector: Vector, k: int, allow: Collection[ContentHash] | None = None
    ) -> list[tuple[ContentHash, float]]:
        """The k nearest with their cosine, best first; of `allow` only, when given."""
        ...

    def __len__(self) -> int:
        """Vectors that can be found."""
        ...


class ExactIndex:
    """Every vector is looked at: right always, and fast enough to 50,000."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._rows: dict[ContentHash, int] = {}
        self._keys: list[ContentHash] = []
        self._matrix = np.empty((64, dimension), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, keys: Sequence[ContentHash], vectors: Sequence[Vector]) -> None:
        """Adds or replaces. Invalid when a vector has another dimension."""
        for key, vector in zip(keys, vectors, strict=True):
            if vector.shape != (self._dimension,):
                raise Invalid(f"a vector of shape {vector.shape}, not ({self._dimension},)")
            row = self._rows.get(key)
            if row is None:
                row = len(self._keys)
                self._rows[key] = row
                self._keys.append(key)
                self._reserve(row + 1)
            self._matrix[row] = vector

    def tombstone(self, keys: Iterable[ContentHash]) -> None:
        """The last vector takes the place of each one that goes."""
        for key in keys:
            row = self._rows.pop(key, None)
            if row is None:
                continue
            last = len(self._keys) - 1
            moved = self._keys.pop()
            if row != last:
                self._keys[row] = moved
                self._rows[moved] = row
                self._matrix[row] = self._matrix[last]

    def search(
        self, vector: Vector, k: int, allow: Collection[ContentHash] | None = None
    ) -> list[tuple[ContentHash, float]]:
        """One product with all rows, or with the allowed ones."""
        keys: Sequence[ContentHash] = self._keys
        matrix = self._matrix[: len(self._keys)]
        if allow is not None:
            keys = [key for key in allow if key in self._rows]
            matrix = self._matrix[[self._rows[key] for key in keys]]
        if not keys or k < 1:
            return []
        scores = matrix @ vector.astype(np.float32)
        k = min(k, len(keys))
        best = np.argpartition(-scores, k - 1)[:k]
        ordered = best[np.argsort(-scores[best], kind="stable")]
        return [(keys[int(i)], float(scores[int(i)])) for i in ordered]

    def _reserve(self, rows: int) -> None:
        if rows > len(self._matrix):
            grown = np.empty((int(rows * _GROWTH), self._dimension), dtype=np.float32)
            grown[: len(self._matrix)] = self._matrix
            self._matrix = grown


def packed(vector: Vector) -> bytes:
    """Half precision: half the memory, and no rank changes that matters."""
    return vector.astype(np.float16).tobytes()


def unpacked(data: bytes) -> Vector:
    """As it is searched."""
    return np.frombuffer(data, dtype=np.float16).astype(np.float32)


def load(db: apsw.Connection) -> tuple[str, VectorIndex] | None:
    """The index of a project and the embedder that made it; None without vectors."""
    newest = db.execute(
        "SELECT embedder FROM embeddings GROUP BY embedder ORDER BY count(*) DESC LIMIT 1"
    ).fetchone()
    if newest is None:
        return None
    rows = db.execute("SELECT hash, vector FROM embeddings WHERE embedder=?", newest).fetchall()
    vectors = [unpacked(data) for _, data in rows]
    index = ExactIndex(len(vectors[0]))
    index.add([ContentHash(key.hex()) for key, _ in rows], vectors)
    return newest[0], index


def lacking(db: apsw.Connection, embedder: str, limit: int) -> list[tuple[ContentHash, int]]:
    """Chunk hashes without a vector of this embedder, newest chunks first, with one chunk each."""
    rows = db.execute(
        """SELECT chunks.hash, max(chunks.id) FROM chunks
           LEFT JOIN embeddings ON embeddings.hash=chunks.hash AND embeddings.embedder=?
           WHERE embeddings.hash IS NULL GROUP BY chunks.hash ORDER BY 2 DESC LIMIT ?""",
        (embedder, limit),
    )
    return [(ContentHash(key.hex()), chunk) for key, chunk in rows]


def put(
    db: apsw.Connection, embedder: str, vectors: Sequence[tuple[ContentHash, Vector]]
) -> list[tuple[ContentHash, Vector]]:
    """Keeps those whose chunk is still there; returns them."""
    kept: list[tuple[ContentHash, Vector]] = []
    for content, vector in vectors:
        key = bytes.fromhex(content)
        if db.execute("SELECT 1 FROM chunks WHERE hash=?", (key,)).fetchone():
            db.execute(
                "INSERT OR REPLACE INTO embeddings VALUES(?,?,?)", (key, embedder, packed(vector))
            )
            kept.append((content, vector))
    return kept


def put_on_disk(
    db: apsw.Connection, embedder: str, vectors: Sequence[tuple[ContentHash, Vector]]
) -> None:
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


def chunks_of(db: apsw.Connection, hashes: Sequence[ContentHash]) -> dict[ContentHash, list[int]]:
    """Live chunks with these hashes."""
    found: dict[ContentHash, list[int]] = {}
    for content in hashes:
        rows = db.execute(
            "SELECT id FROM chunks WHERE hash=? ORDER BY id DESC", (bytes.fromhex(content),)
        )
        found[content] = [row[0] for row in rows]
    return found


def count(db: apsw.Connection) -> int:
    """Chunks that have a vector."""
    return db.execute("SELECT count(*) FROM chunks WHERE hash IN (SELECT hash FROM embeddings)").get
