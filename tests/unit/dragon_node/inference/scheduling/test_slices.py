"""Vectors between steps: who goes first, how many at a time, and what fails alone."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from common.errors import Invalid, OverLimit, Unavailable
from dragon_node.inference.scheduling.inbox import INBOX_MAX
from dragon_node.inference.scheduling.scheduler import Scheduler
from dragon_node.inference.scheduling.slices import TEXTS_MAX
from tests.support.paper_engines import Paper, PaperSource, PaperVectors, asked
from tests.support.scheduling import happened, loaded, scheduled, until, whole


def embedders() -> PaperSource:
    return PaperSource(e=Paper(weight_bytes=100, vectors=True), m=Paper(held=True))


async def test_vectors_come_in_the_order_of_their_texts_whatever_the_slices():
    source = embedders()
    texts = ["x" * n for n in range(50)]
    async with scheduled(source) as (s, governor):
        rows = await s.vectors("e", texts, query=False)
        assert rows[:, 0].tolist() == list(range(50))
        assert governor.ledger.used_bytes == 100
        assert (await s.vectors("e", [], query=True)).shape[0] == 0
    assert max(len(slice_) for slice_ in source.models["e"].embedders[0].slices) == TEXTS_MAX


async def test_a_question_overtakes_a_long_list():
    source = embedders()
    async with scheduled(source) as (s, _):
        engine = await held(source, s)
        long = asyncio.create_task(s.vectors("e", ["text"] * 100, query=False))
        await happened(engine.slicing)
        question = asyncio.create_task(s.vectors("e", ["why"], query=True))
        await asyncio.sleep(0)
        assert engine.held is not None
        engine.held.release(2)
        assert (await question)[0].tolist() == [3.0, 1.0]
        assert not long.done()
        engine.held.release(100)
        assert len(await long) == 100


async def test_those_who_speak_go_on_between_slices():
    source = embedders()
    async with scheduled(source) as (s, _):
        speaker = await loaded(source, s)
        speaker.let()
        engine = await held(source, s)
        speaks = s.generate("m", asked(1, say=50_000))
        await anext(speaks)
        long = asyncio.create_task(s.vectors("e", ["text"] * 100, query=False))
        for _ in range(100 // TEXTS_MAX + 1):
            steps = len(speaker.steps)
            assert engine.held is not None
            engine.held.release()
            await until(lambda steps=steps: len(speaker.steps) > steps)
        await long
        await speaks.aclose()


async def test_a_cancelled_list_is_not_gone_on_with():
    source = embedders()
    async with scheduled(source) as (s, governor):
        engine = await held(source, s)
        long = asyncio.create_task(s.vectors("e", ["text"] * 100, query=False))
        await happened(engine.slicing)
        long.cancel()
        await asyncio.gather(long, return_exceptions=True)
        assert engine.held is not None
        engine.held.release(100)
        await s.vectors("e", ["other"], query=False)
        assert len(engine.slices) == 2
        assert governor.ledger.residents[0].requests == 0


async def test_a_text_that_is_refused_fails_alone_and_a_fault_takes_the_model():
    source = embedders()
    async with scheduled(source) as (s, governor):
        await s.load("e", "for a test")
        engine = source.models["e"].embedders[0]
        engine.fault = Invalid("no text", field="texts")
        with pytest.raises(Invalid):
            await s.vectors("e", [""], query=False)
        assert s.residency("e").state == "loaded"
        engine.fault = RuntimeError("no stream")
        with pytest.raises(Unavailable, match="e failed while it embedded: no stream"):
            await s.vectors("e", ["text"], query=False)
        assert (s.residency("e").state, governor.ledger.residents) == ("failed", ())
        assert (await s.vectors("e", ["text"], query=False)).dtype == np.float32


async def test_too_many_lists_are_refused_with_the_numbers():
    source = PaperSource(e=Paper(weight_bytes=2_000, vectors=True), m=Paper(held=True))
    async with scheduled(source, 2_500) as (s, _):
        engine = await loaded(source, s)
        speaks = asyncio.create_task(whole(s.generate("m", asked(1))))
        await happened(engine.stepping)
        tasks = [
            asyncio.create_task(s.vectors("e", ["text"], query=True)) for _ in range(INBOX_MAX)
        ]
        await asyncio.sleep(0)
        with pytest.raises(OverLimit, match=f"{INBOX_MAX} texts to embed already wait"):
            await s.vectors("e", ["text"], query=True)
        engine.let()
        await speaks
        await asyncio.gather(*tasks)


async def held(source: PaperSource, scheduler: Scheduler) -> PaperVectors:
    """The embedder, which waits for a permit before each slice."""
    await scheduler.load("e", "for a test")
    engine = source.models["e"].embedders[0]
    engine.held = threading.Semaphore(0)
    return engine
