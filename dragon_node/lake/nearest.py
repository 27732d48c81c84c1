"""The vector indexes of all projects on one thread, and the embeddings that are kept on SSD."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import apsw

from common.model.ids import ContentHash, ProjectId
from dragon_node.lake import vectors
from dragon_node.lake.code import ChunkTexts
from dragon_node.lake.database import Database, Readers
from dragon_node.lake.shards import Shard
from dragon_node.lake.vectors import ExactIndex, Vector, VectorIndex

P = ParamSpec("P")
T = TypeVar("T")

SPARE = 4
"""Looked at for each hit wanted: hashes whose chunk has just gone make no hit."""


class Nearest:
    """Finds chunks by their meaning."""

    def __init__(self, disk: Database) -> None:
        self._disk = disk
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lake-vectors")
        self._indexes: dict[ProjectId, tuple[str, VectorIndex]] = {}
        self._taking = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, readers: Readers) -> Nearest:
        """`path` is embeddings.db on SSD."""
        disk = await Database.open(path, readers, schema=vectors.DISK_SCHEMA, synchronous="NORMAL")
        return cls(disk)

    async def close(self) -> None:
        """Closes embeddings.db."""
        self._pool.shutdown(wait=True)
        await self._disk.close()

    async def search(
        self, project: ProjectId, shard: Shard, vector: Vector, k: int
    ) -> list[tuple[int, float]]:
        """Chunks with their cosine, best first."""
        held = await self._index(project, shard)
        if held is None:
            return []
        found = await self._on_thread(held[1].search, vector, k + SPARE)
        keys = [key for key, _ in found]
        chunks = await shard.database.read(lambda db: vectors.chunks_of(db, keys))
        return [(chunks[key][0], score) for key, score in found if chunks[key]][:k]

    async def lacking(
        self, shard: Shard, project: ProjectId, embedder: str, limit: int
    ) -> list[tuple[ContentHash, str]]:
        """Chunks without a vector, and what to embed. Vectors kept on SSD are taken first."""
        while True:
            bare = await shard.database.read(lambda db: vectors.lacking(db, embedder, limit))
            hashes = [content for content, _ in bare]
            kept = await self._disk.read(partial(_kept, embedder=embedder, hashes=hashes))
            if not kept:
                break
            await self.put(shard, project, embedder, kept)
        return await shard.database.read(partial(_to_embed, bare=bare))

    async def keep(self, embedder: str, made: Sequence[tuple[ContentHash, Vector]]) -> None:
        """On SSD, so that a lost RAM disk does not mean embedding again."""
        await self._disk.write(lambda db: vectors.put_on_disk(db, embedder, made))

    async def put(
        self,
        shard: Shard,
        project: ProjectId,
        embedder: str,
        made: Sequence[tuple[ContentHash, Vector]],
    ) -> None:
        """In the project's file and index, as far as it has such chunks."""
        async with self._taking:
            await self._take(shard, project, embedder, made)

    async def forget(self, project: ProjectId, dead: Sequence[ContentHash]) -> None:
        """No chunk has these hashes any more."""
        held = self._indexes.get(project)
        if held is not None and dead:
            await self._on_thread(held[1].tombstone, dead)

    async def _take(
        self,
        shard: Shard,
        project: ProjectId,
        embedder: str,
        made: Sequence[tuple[ContentHash, Vector]],
    ) -> None:
        await self._index(project, shard)
        kept = await shard.database.write(lambda db: vectors.put(db, embedder, made))
        if not kept:
            return
        held = self._indexes.get(project)
        if held is None or held[0] != embedder:
            # Another embedder's vectors cannot be compared with these: the index starts anew.
            held = (embedder, ExactIndex(len(kept[0][1])))
            self._indexes[project] = held
        keys, values = [key for key, _ in kept], [vector for _, vector in kept]
        await self._on_thread(held[1].add, keys, values)

    async def _index(self, project: ProjectId, shard: Shard) -> tuple[str, VectorIndex] | None:
        if project not in self._indexes:
            loaded = await shard.database.read(vectors.load)
            if loaded is not None:
                self._indexes.setdefault(project, loaded)
        return self._indexes.get(project)

    async def _on_thread(self, fn: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        call = partial(fn, *args, **named)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


def _kept(
    db: apsw.Connection, embedder: str, hashes: Sequence[ContentHash]
) -> list[tuple[ContentHash, Vector]]:
    return vectors.from_disk(db, embedder, hashes)


def _to_embed(
    db: apsw.Connection, bare: Sequence[tuple[ContentHash, int]]
) -> list[tuple[ContentHash, str]]:
    texts = ChunkTexts(db)
    found = ((content, texts.of(chunk)) for content, chunk in bare)
    return [(content, "\n".join(parts)) for content, parts in found if parts is not None]
