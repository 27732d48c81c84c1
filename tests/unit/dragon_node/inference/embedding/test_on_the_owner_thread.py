"""An embedder on MLX as the lake uses it: its queue, the scheduler's thread, the model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from common.errors import OverLimit, Unavailable
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.embedding.embedder import Vectors
from dragon_node.inference.embedding.identity import identity
from dragon_node.inference.embedding.queue import QueuedEmbedder
from dragon_node.inference.scheduling.scheduler import Scheduler
from dragon_node.inference.stock import Stock
from tests.support.tiny_bert import tiny_bert
from tests.support.vector_engines import opened

TEXTS = ["the cat runs", "a journal", "", "the journal is synced before an answer " * 3, "cats"]


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    directory = tiny_bert(tmp_path / "bert")
    return Entry(
        "bert", "embedding", Directory(directory), pooling="mean", query_prefix="the answer "
    )


def scheduler_over(tmp_path: Path, entry: Entry, *, memory_bytes: int = 1 << 30) -> Scheduler:
    catalog = Catalog(tmp_path / "models", tmp_path / "models.toml", (entry,))
    return Scheduler(Stock(catalog), Governor(memory_bytes, 0, reserve_bytes=0))


@pytest.fixture
async def scheduler(tmp_path: Path, entry: Entry) -> AsyncIterator[Scheduler]:
    scheduler = scheduler_over(tmp_path, entry)
    yield scheduler
    await scheduler.close()


def queued(scheduler: Scheduler, entry: Entry) -> QueuedEmbedder:
    assert isinstance(entry.source, Directory)
    known = identity(entry, entry.source.path)

    async def run(texts: Sequence[str], query: bool) -> Vectors:
        return await scheduler.vectors(entry.name, texts, query=query)

    return QueuedEmbedder(known.id, known.dimension, run)


def expected(entry: Entry, texts: Sequence[str], *, query: bool = False) -> Vectors:
    assert isinstance(entry.source, Directory)
    engine, _ = opened(entry, entry.source.path)
    return engine.vectors(texts, query=query)


async def test_its_vectors_are_those_of_the_model(scheduler: Scheduler, entry: Entry):
    found = await queued(scheduler, entry).embed(TEXTS)
    assert np.abs(found - expected(entry, TEXTS)).max() < 1e-5


async def test_questions_and_texts_at_once_each_get_their_own(scheduler: Scheduler, entry: Entry):
    embedder = queued(scheduler, entry)
    questions = [embedder.embed([text], query=True) for text in TEXTS]
    texts = [embedder.embed([text]) for text in TEXTS]
    found = np.concatenate(await asyncio.gather(*questions, *texts))
    wanted = [expected(entry, TEXTS, query=True), expected(entry, TEXTS)]
    assert np.abs(found - np.concatenate(wanted)).max() < 1e-5
    assert (embedder.waiting, embedder.embedded) == (0, 2 * len(TEXTS))


async def test_it_comes_again_after_it_was_unloaded(scheduler: Scheduler, entry: Entry):
    embedder = queued(scheduler, entry)
    before = await embedder.embed(TEXTS)
    await scheduler.unload(entry.name, now=False)
    assert np.array_equal(await embedder.embed(TEXTS), before)


async def test_no_room_for_it_is_said_with_the_numbers(tmp_path: Path, entry: Entry):
    scheduler = scheduler_over(tmp_path, entry, memory_bytes=100_000)
    with pytest.raises(OverLimit, match="bert"):
        await queued(scheduler, entry).embed(["text"])
    await scheduler.close()


async def test_weights_that_were_broken_meanwhile_are_told_to_whoever_asks(
    scheduler: Scheduler, entry: Entry
):
    embedder = queued(scheduler, entry)
    assert isinstance(entry.source, Directory)
    (entry.source.path / "tokenizer.json").write_text("{")
    with pytest.raises(Unavailable, match="tokenizer"):
        await embedder.embed(["text"])
