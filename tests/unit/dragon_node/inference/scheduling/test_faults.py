"""What goes wrong with one model or one request, and stays with it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from common.errors import Invalid, Missing, Unavailable
from common.model.llm import Generated
from tests.support.paper_engines import Paper, PaperSource, asked, text, words
from tests.support.scheduling import happened, loaded, scheduled, until, whole


async def test_a_model_that_embeds_does_not_speak():
    async with scheduled(PaperSource(e=Paper(vectors=True), m=Paper())) as (s, _):
        with pytest.raises(Invalid, match="does not speak"):
            await whole(s.generate("e", asked(1)))
        with pytest.raises(Invalid, match="does not embed"):
            await s.vectors("m", ["text"], query=False)
        assert s.counts().refused == 1


async def test_a_fault_at_the_beginning_of_a_request_is_its_own():
    source = PaperSource(m=Paper())
    async with scheduled(source) as (s, governor):
        engine = await loaded(source, s)
        engine.insert_fault = ValueError("no such token")
        with pytest.raises(Unavailable, match="m cannot begin: no such token"):
            await whole(s.generate("m", asked(1)))
        assert governor.ledger.residents[0].kv_bytes == 0
        engine.insert_fault = Invalid("it is too long", field="messages")
        with pytest.raises(Invalid) as refusal:
            await whole(s.generate("m", asked(1)))
        assert refusal.value.field == "messages"
        engine.insert_fault = None
        assert (await whole(s.generate("m", asked(2))))[0] == text(asked(2))
        assert (s.counts().failed, s.counts().refused, s.counts().finished) == (1, 1, 1)


async def test_a_step_that_fails_ends_its_model_alone_and_it_loads_anew():
    source = PaperSource(m=Paper(held=True), n=Paper())
    async with scheduled(source) as (s, governor):
        engine = await loaded(source, s)
        task = asyncio.create_task(whole(s.generate("m", asked(1))))
        await happened(engine.stepping)
        beside = asyncio.create_task(whole(s.generate("n", asked(5, say=9))))
        engine.fault = RuntimeError("There is no Stream(cpu, 3)")
        engine.let()
        with pytest.raises(Unavailable, match="m failed while it spoke: There is no Stream"):
            await task
        assert (s.residency("m").state, governor.ledger.resident("m")) == ("failed", None)
        assert (await beside)[0] == text(asked(5, say=9))
        assert engine.closed
        again = asyncio.create_task(whole(s.generate("m", asked(2))))
        await until(lambda: len(source.models["m"].engines) == 2)
        source.models["m"].engine.let()
        assert (await again)[0] == text(asked(2))
        assert s.residency("m").state == "loaded"


async def test_an_engine_that_does_not_get_on_is_not_waited_for():
    source = PaperSource(m=Paper())
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        engine.stuck = True
        with pytest.raises(Unavailable, match="does not get on"):
            await whole(s.generate("m", asked(1, 2, 3)))


async def test_an_entry_that_is_removed_while_its_model_loads_ends_nobody_elses():
    model = Paper(slots=1, gate=threading.Semaphore(0))
    source = PaperSource(m=model, n=Paper())
    async with scheduled(source) as (s, _):
        first = asyncio.create_task(whole(s.generate("m", asked(1))))
        await happened(model.reached)
        second = asyncio.create_task(whole(s.generate("m", asked(2))))
        await until(lambda: s.counts().waiting == 2)
        source.gone.add("m")
        assert model.gate is not None
        model.gate.release(1_000)
        assert (await whole(s.generate("n", asked(3))))[0] == text(asked(3))
        for task in (first, second):
            with pytest.raises(Missing, match="there is no m"):
                await task
        assert s.fault == ""
        assert s.residency("n").state == "loaded"


@pytest.mark.parametrize("question", ["slots", "needs", "stamp", "opening", "speech"])
async def test_whatever_a_source_cannot_say_fails_one_request(question: str):
    def fail(*_: object) -> None:
        raise KeyError("not in the catalogue")

    source = PaperSource(m=Paper(), n=Paper())
    async with scheduled(source) as (s, _):
        await s.load("n", "for a test")
        setattr(source, question, fail)
        with pytest.raises(Unavailable, match=r"m .*not in the catalogue"):
            await whole(s.generate("m", asked(1)))
        delattr(source, question)
        assert (await whole(s.generate("m", asked(1))))[0] == text(asked(1))
        assert s.fault == ""


async def test_closing_tells_those_who_wait_and_refuses_those_who_come():
    source = PaperSource(m=Paper(held=True, slots=1))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        running = asyncio.create_task(whole(s.generate("m", asked(1, say=1_000))))
        await happened(engine.stepping)
        waiting = asyncio.create_task(whole(s.generate("m", asked(2))))
        loading = asyncio.create_task(s.load("n", "for a test"))
        await until(lambda: s.requests == 2)
        closing = asyncio.create_task(s.close())
        await until(lambda: s.residency("m").state == "loaded")
        engine.let()
        await closing
        for task in (running, waiting):
            with pytest.raises(Unavailable, match="stopping"):
                await task
        await asyncio.gather(loading, return_exceptions=True)
        with pytest.raises(Unavailable, match="stopping"):
            await whole(s.generate("m", asked(3)))
        with pytest.raises(Unavailable, match="stopping"):
            await s.unload("m", now=True)


async def test_an_error_comes_after_what_was_made_before_it():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        pieces = s.generate("m", asked(1, say=9))
        engine.let(2)
        heard: list[Generated] = [await anext(pieces)]
        await until(lambda: len(engine.steps) == 2)
        engine.fault = RuntimeError("gone")
        engine.let()
        with pytest.raises(Unavailable, match="gone"):
            heard += [piece async for piece in pieces]
        assert heard[0].text.startswith(f"{words(asked(1))[0]} ")
