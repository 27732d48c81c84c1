"""The owner thread dies: everyone is told, health sees it, and the next thread goes on."""

from __future__ import annotations

import asyncio

import pytest

from common.errors import Unavailable
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.budget.ledger import Decision, Want
from dragon_node.inference.scheduling import lives
from dragon_node.inference.scheduling.scheduler import Scheduler
from tests.support.paper_engines import Paper, PaperSource, asked, text
from tests.support.scheduling import FixedClock, happened, loaded, scheduled, until, whole


async def test_a_thread_that_dies_fails_every_request_and_the_next_one_serves():
    source = PaperSource(m=Paper(held=True, slots=1), n=Paper(), e=Paper(vectors=True))
    async with scheduled(source) as (s, governor):
        await s.vectors("e", ["text"], query=False)
        engine = await loaded(source, s)
        speaks = [asyncio.create_task(whole(s.generate("m", asked(n)))) for n in (1, 2)]
        unload = asyncio.create_task(s.unload("m", now=False))
        await happened(engine.stepping)
        engine.fault = SystemExit("there is no stream")
        engine.let()
        for task in speaks:
            with pytest.raises(Unavailable, match="died: SystemExit: there is no stream"):
                await task
        await unload  # it is out of memory, which is what was asked for
        await until(lambda: not s.fault)
        assert governor.ledger.residents == ()
        assert s.residency("m").state == "ready"
        assert (await whole(s.generate("n", asked(3))))[0] == text(asked(3))
        assert s.counts().failed == 2
    assert engine.closed
    assert source.models["e"].embedders[0].closed


async def test_while_nobody_serves_it_is_a_fault_and_requests_are_refused_with_it():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source, backoff_s=3_600) as (s, _):
        engine = await loaded(source, s)
        engine.fault = SystemExit("there is no stream")
        engine.let()
        with pytest.raises(Unavailable, match="died"):
            await whole(s.generate("m", asked(1)))
        assert "died: SystemExit: there is no stream" in s.fault
        assert "the next begins after 3600 s" in s.fault
        s.prepare("m")
        s.pin({"m"})
        for refused in (
            whole(s.generate("m", asked(2))),
            s.load("m", "the owner asked"),
            s.unload("m", now=True),
            s.vectors("m", ["text"], query=True),
        ):
            with pytest.raises(Unavailable, match="died"):
                await refused
        assert s.requests == 0
        await s.idle()


async def test_pins_outlive_the_thread():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, governor):
        s.pin({"m"})
        engine = await loaded(source, s)
        engine.fault = SystemExit()
        engine.let()
        with pytest.raises(Unavailable):
            await whole(s.generate("m", asked(1)))
        await until(lambda: s.residency("m").state == "loaded")  # nobody has asked for it
        assert s.residency("m").reason == "it is pinned"
        resident = governor.ledger.resident("m")
        assert resident is not None
        assert resident.pinned


async def test_what_is_pinned_and_not_known_does_not_keep_the_next_thread_from_serving():
    source = PaperSource(m=Paper(held=True), n=Paper())
    async with scheduled(source) as (s, _):
        s.pin({"m", "unheard-of"})
        engine = await loaded(source, s)
        engine.fault = SystemExit()
        engine.let()
        with pytest.raises(Unavailable):
            await whole(s.generate("m", asked(1)))
        await until(lambda: s.residency("m").state == "loaded")
        assert (await whole(s.generate("n", asked(3))))[0] == text(asked(3))
        assert s.fault == ""


async def test_a_governor_that_fails_is_no_request_forgotten():
    class Failing(Governor):
        fails = True

        def ask(self, want: Want) -> Decision:
            if self.fails:
                raise ZeroDivisionError("a bug")
            return super().ask(want)

    governor = Failing(10_000, 0, reserve_bytes=0)
    s = Scheduler(PaperSource(m=Paper()), governor, backoff_s=0.01)
    with pytest.raises(Unavailable, match="died: ZeroDivisionError"):
        await whole(s.generate("m", asked(1)))
    governor.fails = False
    await until(lambda: not s.fault)
    assert (await whole(s.generate("m", asked(1))))[0] == text(asked(1))
    await s.close()


async def test_each_death_doubles_the_wait_for_the_next_thread():
    source = PaperSource(m=Paper(held=True))
    said: list[str] = []
    async with scheduled(source, backoff_s=0.01) as (s, _):
        for _ in range(3):
            await until(lambda: not s.fault)
            engine = await loaded(source, s)
            engine.fault = SystemExit()
            engine.let()
            with pytest.raises(Unavailable) as why:
                await whole(s.generate("m", asked(1)))
            said.append(str(why.value).rsplit("after ", maxsplit=1)[-1])
    assert said == ["0.01 s", "0.02 s", "0.04 s"]


async def test_a_thread_that_does_not_come_back_is_a_fault():
    clock = FixedClock()
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source, clock=clock) as (s, _):
        engine = await loaded(source, s)
        task = asyncio.create_task(whole(s.generate("m", asked(1))))
        await happened(engine.stepping)
        assert s.fault == ""
        clock.pass_s(lives.STUCK_S + 1)
        assert "has not come back for 121 s" in s.fault
        engine.let()
        await task
        await until(lambda: not s.fault)


async def test_closing_does_not_wait_for_the_next_thread():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source, backoff_s=3_600) as (s, _):
        engine = await loaded(source, s)
        engine.fault = SystemExit()
        engine.let()
        with pytest.raises(Unavailable):
            await whole(s.generate("m", asked(1)))
        await s.close()
        with pytest.raises(Unavailable, match="stopping"):
            await whole(s.generate("m", asked(1)))
