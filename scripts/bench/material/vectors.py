"""An embedder that keeps what it made: the next run of a benchmark embeds nothing again."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw
import numpy as np

from dragon_node.inference.embedding.embedder import Embedder, Vectors


class RememberedEmbedder:
    """Vectors out of a file, or of the embedder behind it."""

    def __init__(self, inner: Embedder, db: apsw.Connection) -> None:
        self._inner = inner
        self._db = db

    @classmethod
    @contextmanager
    def open(cls, inner: Embedder, directory: Path) -> Generator[RememberedEmbedder]:
        """The file is for one embedder: another one has another."""
        name = hashlib.blake2b(inner.id.encode(), digest_size=8).hexdigest()
        db = apsw.Connection(str(directory / f"vectors-{name}.db"))
        db.set_busy_timeout(60_000)
        db.pragma("journal_mode", "wal")
        db.execute("CREATE TABLE IF NOT EXISTS vectors(key BLOB PRIMARY KEY, vector BLOB NOT NULL)")
        try:
            yield cls(inner, db)
        finally:
            db.close()

    @property
    def id(self) -> str:
        """Of the embedder behind it."""
        return self._inner.id

    @property
    def dimension(self) -> int:
        """Of the embedder behind it."""
        return self._inner.dimension

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """See Embedder."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            key = hashlib.blake2b(f"{int(query)}{text}".encode(), digest_size=16).digest()
            found = self._db.execute("SELECT vector FROM vectors WHERE key=?", (key,)).fetchone()
            if found is not None:
                rows[row] = np.frombuffer(found[0], dtype=np.float32)
                continue
            rows[row] = (await self._inner.embed([text], query=query))[0]
            made = (key, rows[row].tobytes())
            self._db.execute("INSERT OR IGNORE INTO vectors VALUES(?,?)", made)
        return rows
