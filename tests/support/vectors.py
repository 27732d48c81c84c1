"""Vectors to search among: scattered ones, and ones that lie in clusters as real ones do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import apsw
import numpy as np
import numpy.typing as npt

from common.model.ids import ContentHash, ProjectId
from dragon_node.inference.exact import MlxRows
from dragon_node.lake.database import Database, Readers
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.project import SCHEMA
from dragon_node.lake.scope import Scope
from dragon_node.lake.shards import Shard
from dragon_node.lake.vectors.exact import ExactIndex
from dragon_node.lake.vectors.fastscan import FastScanIndex
from dragon_node.lake.vectors.held import MakeIndex
from dragon_node.lake.vectors.port import VectorIndex

Rows = npt.NDArray[np.float32]
DIMENSION = 16
PROJECT = ProjectId("c" * 32)

IMPLEMENTATIONS: dict[str, Callable[[int], VectorIndex]] = {
    "exact": ExactIndex,
    "fastscan": lambda dimension: FastScanIndex(dimension, exact_below=1_000),
    "exact on MLX": lambda dimension: ExactIndex(dimension, MlxRows),
    "fastscan on MLX": lambda dimension: FastScanIndex(dimension, MlxRows, exact_below=1_000),
}


def keys(count: int, seed: int = 1) -> list[ContentHash]:
    """Different for each seed."""
    return [ContentHash(f"{seed:016x}{i:016x}") for i in range(count)]


def scattered(count: int, seed: int = 1, dimension: int = DIMENSION) -> Rows:
    """In all directions, of unit length."""
    return _unit(np.random.default_rng(seed).normal(size=(count, dimension)))


def clustered(count: int, seed: int = 1, dimension: int = 64, clusters: int = 50) -> Rows:
    """Around the same centres for every seed, all of them on one side, of unit length."""
    centres = np.random.default_rng(0).normal(size=(clusters, dimension)) + 0.5
    draw = np.random.default_rng(seed)
    spread = draw.normal(size=(count, dimension)) * 0.7
    return _unit(centres[draw.integers(0, clusters, count)] + spread)


def _unit(rows: npt.NDArray[np.float64]) -> Rows:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def files(directory: Path, pattern: str = "*") -> list[bytes]:
    """What lies there."""
    return [file.read_bytes() for file in directory.glob(pattern)]


@dataclass(slots=True)
class Vectors:
    """A project's file with chunks that have no text, and the vectors' room."""

    nearest: Nearest
    shard: Shard
    directory: Path
    project: ProjectId = PROJECT

    async def cut(self, *hashes: ContentHash, doc: int = 1) -> None:
        """Chunks with these hashes come."""
        await self.shard.database.write(partial(_cut, hashes=hashes, doc=doc))

    async def lose(self, *hashes: ContentHash) -> None:
        """They go, as a save makes them go: from the file first."""
        await self.shard.database.write(partial(_lose, hashes=hashes))
        await self.nearest.forget(self.project, hashes)

    async def put(self, hashes: Sequence[ContentHash], rows: Rows, embedder: str = "one") -> None:
        """Vectors of chunks, made now."""
        await self.nearest.put(
            self.shard, self.project, embedder, list(zip(hashes, rows, strict=True))
        )

    async def found(
        self, row: npt.NDArray[np.float32], k: int = 5, embedder: str = "one", **more: Scope
    ) -> list[int]:
        """Chunks, best first."""
        hits = await self.nearest.search(
            self.project, self.shard, row, k, embedder=embedder, **more
        )
        return [chunk for chunk, _ in hits]

    async def chunk(self, content: ContentHash) -> int:
        """The newest with this hash."""
        sql = "SELECT max(id) FROM chunks WHERE hash=?"
        return await self.shard.database.read(
            lambda db: db.execute(sql, (bytes.fromhex(content),)).get
        )


@asynccontextmanager
async def opened(directory: Path, make: MakeIndex = FastScanIndex) -> AsyncGenerator[Vectors]:
    """Closed again in the order in which a lake closes."""
    readers = Readers()
    database = await Database.open(directory / "project.db", readers, schema=SCHEMA)
    nearest = await Nearest.open(directory / "embeddings.db", readers, make=make)
    try:
        yield Vectors(nearest, Shard(database, 0, ""), directory)
    finally:
        await nearest.stop()
        await readers.close()
        await database.close()
        await nearest.close()


def _cut(db: apsw.Connection, hashes: Sequence[ContentHash], doc: int) -> None:
    db.execute(
        "INSERT OR IGNORE INTO docs(id, path, content, language) VALUES(?,?,x'00','')",
        (doc, f"{doc}.py"),
    )
    db.executemany(
        """INSERT INTO chunks(doc, start_line, end_line, start, stop, symbol, hash, lsn)
           VALUES(?,1,1,0,0,'',?,1)""",
        [(doc, bytes.fromhex(content)) for content in hashes],
    )


def _lose(db: apsw.Connection, hashes: Sequence[ContentHash]) -> None:
    names = [(bytes.fromhex(content),) for content in hashes]
    db.executemany("DELETE FROM chunks WHERE hash=?", names)
    db.executemany("DELETE FROM embeddings WHERE hash=?", names)
