"""A fused search as a person waits for it, against tantivy and faiss alone on the same chunks."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from common.model.ids import ContentHash, ProjectId
from common.model.lake import SearchQuery
from dragon_node.answer.fusion import Candidates, fuse
from dragon_node.answer.gathering import LISTED
from dragon_node.answer.retrieval import Retrieval
from dragon_node.inference.embedding.embedder import Vector, Vectors
from dragon_node.lake.lake import Lake
from dragon_node.lake.records import ChunkRef, Scored
from dragon_node.lake.vectors.fastscan import RESCORED
from scripts.bench.material import wheels
from scripts.bench.material.chunks import chunks_of, files_of
from scripts.bench.nearest import DIMENSION, Floats, Halves, clustered
from scripts.bench.quality import fill
from scripts.bench.report import Figure, quantile
from scripts.bench.words import Bare, bare_words, in_memory, questions
from tests.support.lake import opened

CHUNKS, QUERIES, ROUNDS = 100_000, 200, 3
LAKE_BYTES = 16 << 30
PEER = ProjectId("f" * 16)


def measure(chunks: int = CHUNKS, queries: int = QUERIES, rounds: int = ROUNDS) -> list[Figure]:
    """Interleaved, one question at a time; the first round is thrown away."""
    return asyncio.run(_measure(chunks, queries, rounds))


class Drawn:
    """An embedder that costs nothing, on both sides: vectors drawn as embeddings lie."""

    id = "drawn"
    dimension = DIMENSION

    def __init__(self, asked: Sequence[str]) -> None:
        rows = clustered(len(asked), 2).astype(np.float32)
        self.vectors = dict(zip(asked, rows, strict=True))

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Of questions that were given."""
        return np.stack([self.vectors[text] for text in texts])


@dataclass(slots=True)
class Times:
    """Of one way to search, in seconds."""

    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])

    def shown(self) -> str:
        """Both, at the middle and near the end."""
        wall, cpu = (
            f"{quantile(each, 0.5) * 1e3:.1f} ms (p99 {quantile(each, 0.99) * 1e3:.1f})"
            for each in (self.wall, self.cpu)
        )
        return f"{wall}, CPU {cpu}"


class Peer:
    """Tantivy and faiss, fused by the same rule, nothing else."""

    def __init__(self, directory: Path, documents: Sequence[str], rows: Halves) -> None:
        self._words = Bare(directory, documents)
        self._rows = rows
        self._index: Any = faiss.IndexPQFastScan(
            DIMENSION, DIMENSION // 2, 4, faiss.METRIC_INNER_PRODUCT
        )
        self._index.train(rows[:: max(1, len(rows) // 16_384)].astype(np.float32))
        self._index.add(rows.astype(np.float32))

    def search(self, query: str, vector: Floats) -> list[int]:
        """The ten best."""
        words = [Scored(_ref(chunk), score) for chunk, score in self._words.search(query)]
        _, near = self._index.search(vector[None], RESCORED)
        cosines = self._rows[near[0]].astype(np.float32) @ vector
        best = np.argsort(-cosines)[:LISTED]
        vectors = [Scored(_ref(int(near[0][i])), float(cosines[i])) for i in best]
        found = fuse(Candidates(vectors, words), 10)
        return [f.ref.chunk for f in found if isinstance(f.ref, ChunkRef)]


async def _measure(chunks: int, queries: int, rounds: int) -> list[Figure]:
    made = chunks_of(wheels.fetched(), chunks)
    asked = questions(made, queries)
    drawn = Drawn(asked)
    with tempfile.TemporaryDirectory(dir=in_memory()) as directory:
        async with opened(Path(directory) / "lake", budget_bytes=LAKE_BYTES) as lake:
            await fill(lake, files_of(made))
            held = await _embed(lake, drawn.id, chunks)
            await _settled(lake)
            peer = Peer(Path(directory) / "peer", bare_words(made), clustered(len(made), 1))
            retrieval = Retrieval(lake, drawn)

            async def ours(query: str) -> None:
                await retrieval.search(SearchQuery(query))

            async def theirs(query: str) -> None:
                peer.search(query, drawn.vectors[query])

            product, alone = await _interleaved([ours, theirs], asked, rounds)
    ratios = [quantile(product.wall, q) / quantile(alone.wall, q) for q in (0.5, 0.99)]
    return [
        Figure(
            f"fused search over {held:,} chunks",
            f"{product.shown()}; {ratios[0]:.2f} times, p99 {ratios[1]:.2f} times",
            f"1.5 times tantivy and faiss alone: {alone.shown()}",
            f"{len(asked)} questions, ten hits with their text, {rounds} rounds interleaved; the "
            "question's vector is there on both sides; the peer scores the top 500 of 4-bit codes "
            "again, takes 100 of each list and fuses by the same rule, but reads no text, no name "
            "and no history",
        )
    ]


async def _embed(lake: Lake, embedder: str, most: int) -> int:
    """Gives every chunk a drawn vector; how many there are."""
    done = 0
    while bare := await lake.unembedded(embedder, 2_000):
        rows = clustered(len(bare), 10 + done).astype(np.float32)
        vectors: list[tuple[ContentHash, Vector]] = [
            (key, row) for (key, _), row in zip(bare, rows, strict=True)
        ]
        await lake.put_vectors(embedder, vectors)
        done += len(bare)
    return (await lake.stats()).chunks


async def _settled(lake: Lake) -> None:
    """Words are committed and the vectors' index is built."""
    await lake._searching._lexicon.catch_up()  # pyright: ignore[reportPrivateUsage]
    await lake._nearest.idle()  # pyright: ignore[reportPrivateUsage]


async def _interleaved(
    ways: Sequence[Callable[[str], Awaitable[None]]], asked: Sequence[str], rounds: int
) -> list[Times]:
    times = [Times() for _ in ways]
    for turn in range(rounds + 1):
        for query in asked:
            for which, search in enumerate(ways):
                wall, cpu = time.perf_counter(), time.process_time()
                await search(query)
                if turn:
                    times[which].wall.append(time.perf_counter() - wall)
                    times[which].cpu.append(time.process_time() - cpu)
    return times


def _ref(chunk: int) -> ChunkRef:
    return ChunkRef(PEER, chunk)
