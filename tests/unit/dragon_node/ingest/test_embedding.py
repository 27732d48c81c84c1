"""Chunks get their vectors behind everyone else, a batch at a time, and never twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest

from common.errors import Corrupt, Missing, OverLimit, PostDevAIError, Unavailable
from common.model.ids import ContentHash
from dragon_node.inference.embedding.embedder import Vector
from dragon_node.ingest import embedding
from dragon_node.ingest.embedding import BATCH, EmbeddingLoop
from tests.support.embedders import FlatEmbedder


class Chunks:
    """Chunks that wait for a vector, and those that have one."""

    def __init__(self, number: int) -> None:
        self.waiting = {ContentHash(f"{n:032x}"): f"text {n}" for n in range(number)}
        self.kept: dict[ContentHash, Vector] = {}
        self.batches: list[int] = []
        self.embedders: set[str] = set()
        self.applied = 1
        self.news = asyncio.Condition()
        self.looked_in_vain = asyncio.Event()

    async def unembedded(self, embedder: str, limit: int) -> list[tuple[ContentHash, str]]:
        self.embedders.add(embedder)
        if not self.waiting:
            self.looked_in_vain.set()
        return list(self.waiting.items())[:limit]

    async def put_vectors(
        self, embedder: str, vectors: Sequence[tuple[ContentHash, Vector]]
    ) -> None:
        self.embedders.add(embedder)
        self.batches.append(len(vectors))
        for chunk, vector in vectors:
            del self.waiting[chunk]
            self.kept[chunk] = vector

    async def wait_applied(self, lsn: int) -> int:
        async with self.news:
            await self.news.wait_for(lambda: self.applied > lsn)
        return self.applied

    async def add(self, text: str) -> None:
        self.looked_in_vain.clear()
        async with self.news:
            self.applied += 1
            self.waiting[ContentHash(f"{self.applied + 1_000:032x}")] = text
            self.news.notify_all()


async def at_once() -> None:
    """What it waits for is there already."""


@asynccontextmanager
async def running(loop: EmbeddingLoop) -> AsyncGenerator[None]:
    task = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_every_chunk_gets_its_vector_in_bounded_batches():
    chunks, embedder = Chunks(2 * BATCH + 5), FlatEmbedder()
    loop = EmbeddingLoop(chunks, embedder, arrived=at_once, quiet=at_once)
    async with running(loop), asyncio.timeout(30):
        await chunks.looked_in_vain.wait()
    assert chunks.batches == [BATCH, BATCH, 5]
    assert chunks.embedders == {embedder.id}
    assert all(np.isclose(np.linalg.norm(v), 1.0) for v in chunks.kept.values())
    assert not any(query for _, query in embedder.embedded)


async def test_what_is_applied_later_gets_its_vector_too():
    chunks = Chunks(1)
    loop = EmbeddingLoop(chunks, FlatEmbedder(), arrived=at_once, quiet=at_once)
    async with running(loop), asyncio.timeout(30):
        await chunks.looked_in_vain.wait()
        await chunks.add("new text")
        await chunks.looked_in_vain.wait()
    assert len(chunks.kept) == 2


async def test_nothing_is_embedded_before_the_model_has_arrived():
    chunks, embedder, arrival = Chunks(3), FlatEmbedder(), asyncio.Event()

    async def arrived() -> None:
        await arrival.wait()

    loop = EmbeddingLoop(chunks, embedder, arrived=arrived, quiet=at_once)
    async with running(loop), asyncio.timeout(30):
        await asyncio.sleep(0)
        assert embedder.embedded == []
        arrival.set()
        await chunks.looked_in_vain.wait()
    assert len(chunks.kept) == 3


async def test_a_question_that_is_being_answered_goes_first():
    chunks, embedder, quiet, waiting = Chunks(3), FlatEmbedder(), asyncio.Event(), asyncio.Event()

    async def until_quiet() -> None:
        waiting.set()
        await quiet.wait()

    loop = EmbeddingLoop(chunks, embedder, arrived=at_once, quiet=until_quiet)
    async with running(loop), asyncio.timeout(30):
        await waiting.wait()
        assert embedder.embedded == []
        quiet.set()
        await chunks.looked_in_vain.wait()
    assert len(chunks.kept) == 3


async def test_questions_without_end_do_not_hold_it_up_for_ever(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedding, "QUIET_S_MAX", 0.0)
    chunks = Chunks(3)

    async def never() -> None:
        await asyncio.Event().wait()

    loop = EmbeddingLoop(chunks, FlatEmbedder(), arrived=at_once, quiet=never)
    async with running(loop), asyncio.timeout(30):
        await chunks.looked_in_vain.wait()
    assert len(chunks.kept) == 3


@pytest.mark.parametrize(
    "why", [Unavailable("model 40 %"), Corrupt("its weights are broken"), Missing("no such model")]
)
async def test_a_failing_embedder_loses_nothing_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, why: PostDevAIError
):
    monkeypatch.setattr(embedding, "RETRY_S", 0.0)
    chunks, embedder = Chunks(3), FlatEmbedder(why)
    asked = asyncio.Event()

    async def arrived() -> None:
        asked.set()

    loop = EmbeddingLoop(chunks, embedder, arrived=arrived, quiet=at_once)
    async with running(loop), asyncio.timeout(30):
        await asked.wait()
        asked.clear()
        await asked.wait()  # it came round after a failure
        assert chunks.kept == {}
        embedder.refusal = None
        await chunks.looked_in_vain.wait()
    assert len(chunks.kept) == 3


async def test_a_full_lake_loses_nothing_and_is_tried_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(embedding, "RETRY_S", 0.0)
    chunks, refused = Chunks(3), asyncio.Event()
    keep = chunks.put_vectors

    async def full_once(embedder: str, vectors: Sequence[tuple[ContentHash, Vector]]) -> None:
        monkeypatch.setattr(chunks, "put_vectors", keep)
        refused.set()
        raise OverLimit("the lake is full")

    monkeypatch.setattr(chunks, "put_vectors", full_once)
    loop = EmbeddingLoop(chunks, FlatEmbedder(), arrived=at_once, quiet=at_once)
    async with running(loop), asyncio.timeout(30):
        await refused.wait()
        await chunks.looked_in_vain.wait()
    assert len(chunks.kept) == 3


async def test_what_has_a_vector_is_not_embedded_again_after_a_restart():
    chunks, embedder = Chunks(BATCH + 1), FlatEmbedder()
    for _ in range(2):
        chunks.looked_in_vain.clear()
        loop = EmbeddingLoop(chunks, embedder, arrived=at_once, quiet=at_once)
        async with running(loop), asyncio.timeout(30):
            await chunks.looked_in_vain.wait()
    assert len(embedder.embedded) == BATCH + 1
