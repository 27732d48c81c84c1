"""Models come into memory and leave it: once for all who ask, in slices, and with a reason."""

from __future__ import annotations

import asyncio
import threading

import pytest

from common.errors import Conflict, Missing, Unavailable
from tests.support.paper_engines import Paper, PaperSource, asked, text
from tests.support.scheduling import (
    FixedClock,
    happened,
    loaded,
    scheduled,
    until,
    whole,
)


async def test_a_model_is_loaded_once_for_all_who_ask_at_the_same_time():
    source = PaperSource(m=Paper(gate=threading.Semaphore(0)))
    async with scheduled(source) as (s, _):
        s.prepare("m")
        s.prepare("m")
        await happened(source.models["m"].reached)
        loads = [asyncio.create_task(s.load("m", "the owner asked")) for _ in range(2)]
        speaks = [asyncio.create_task(whole(s.generate("m", asked(n)))) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        one_slice(source.models["m"])
        await until(lambda: s.residency("m").requests == 3)
        open_gate(source.models["m"])
        await asyncio.gather(*loads, *speaks)
        await s.load("m", "again")
        assert source.models["m"].openings == 1
        assert s.residency("m").reason == "needed soon"


async def test_a_load_goes_on_slice_by_slice_while_others_speak():
    source = PaperSource(m=Paper(held=True), n=Paper(gate=threading.Semaphore(0), slices=3))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        engine.let()
        speaks = s.generate("m", asked(1, say=90_000))
        await anext(speaks)
        load = asyncio.create_task(s.load("n", "the owner asked"))
        for number in range(3):
            steps = len(engine.steps)
            one_slice(source.models["n"])
            await until(lambda steps=steps: len(engine.steps) > steps)
            await until(lambda n=number: s.residency("n").progress >= round(n / 3, 2))
        await load
        await speaks.aclose()


async def test_every_change_of_a_load_is_told_with_its_reason():
    told: list[tuple[str, float, str]] = []

    def tell(name: str) -> None:
        residency = s.residency(name)
        told.append((residency.state, residency.progress, residency.reason))

    source = PaperSource(m=Paper(slices=2))
    async with scheduled(source, told=tell) as (s, _):
        await s.load("m", "the owner asked")
        await s.unload("m", now=False)
    assert told == [
        ("loading", 0.0, "the owner asked"),
        ("loading", 0.5, "the owner asked"),
        ("loaded", 1.0, "the owner asked"),
        ("ready", 0.0, "unloaded on request"),
    ]


async def test_a_watcher_that_fails_does_not_end_the_thread():
    def tell(name: str) -> None:
        raise RuntimeError("the loop is closed")

    async with scheduled(PaperSource(m=Paper()), told=tell) as (s, _):
        await s.load("m", "the owner asked")
        assert s.fault == ""


async def test_weights_are_in_the_ledger_before_the_first_slice():
    source = PaperSource(m=Paper(gate=threading.Semaphore(0), weight_bytes=700))
    async with scheduled(source) as (s, governor):
        s.prepare("m")
        await happened(source.models["m"].reached)
        resident = governor.ledger.resident("m")
        assert resident is not None
        assert (resident.weight_bytes, resident.loading) == (700, True)
        open_gate(source.models["m"])
        await s.load("m", "for a test")


async def test_broken_weights_are_told_to_all_who_wait_and_tried_again():
    model = Paper(broken="tensor 7 is cut short", gate=threading.Semaphore(0))
    source = PaperSource(m=model)
    async with scheduled(source) as (s, governor):
        load = asyncio.create_task(s.load("m", "the owner asked"))
        await happened(model.reached)
        speaks = asyncio.create_task(whole(s.generate("m", asked(1))))
        await asyncio.sleep(0)
        one_slice(model)
        await until(lambda: s.residency("m").requests == 1)
        open_gate(model)
        for task in (load, speaks):
            with pytest.raises(Unavailable, match="m does not load: tensor 7") as refusal:
                await task
            assert "postdevai models pull m" in refusal.value.hint
        assert s.residency("m").state == "failed"
        assert "tensor 7" in s.residency("m").detail
        assert governor.ledger.residents == ()
        model.broken = ""
        assert (await whole(s.generate("m", asked(1))))[0] == text(asked(1))
        assert (s.residency("m").state, s.residency("m").detail) == ("loaded", "")


async def test_a_model_that_has_not_arrived_is_not_called_failed():
    source = PaperSource(m=Paper(missing=Unavailable("m: 40 % have arrived")))
    async with scheduled(source) as (s, _):
        with pytest.raises(Unavailable, match="40 %"):
            await whole(s.generate("m", asked(1)))
        with pytest.raises(Unavailable, match="40 %"):
            await s.load("m", "the owner asked")
        with pytest.raises(Missing):
            await s.load("unheard-of", "the owner asked")
        assert s.residency("m").state == "ready"


async def test_a_cancel_while_it_loads_takes_the_request_out_of_the_ledger():
    model = Paper(gate=threading.Semaphore(0))
    async with scheduled(PaperSource(m=model)) as (s, governor):
        s.prepare("m")
        await happened(model.reached)
        leaves = asyncio.create_task(whole(s.generate("m", asked(1))))
        await asyncio.sleep(0)
        one_slice(model)
        await until(lambda: s.residency("m").requests == 1)
        leaves.cancel()
        await asyncio.gather(leaves, return_exceptions=True)
        open_gate(model)
        await s.load("m", "for a test")
        resident = governor.ledger.resident("m")
        assert resident is not None
        assert (resident.kv_bytes, resident.requests) == (0, 0)
        assert s.counts().cancelled == 1


async def test_a_model_that_takes_more_than_its_files_said_is_taken_when_there_is_room():
    source = PaperSource(m=Paper(weight_bytes=600, more_bytes=300))
    async with scheduled(source, 1_000) as (s, governor):
        await s.load("m", "for a test")
        assert governor.ledger.used_bytes == 900


async def test_a_model_that_takes_more_than_its_files_said_and_than_there_is_goes_again():
    source = PaperSource(m=Paper(weight_bytes=600, more_bytes=500))
    async with scheduled(source, 1_000) as (s, governor):
        with pytest.raises(Exception, match="500 bytes more than its files said"):
            await s.load("m", "for a test")
        assert governor.ledger.residents == ()
        assert source.models["m"].engine.closed


async def test_unloading_waits_for_the_requests_that_are_there_and_later_ones_load_it_anew():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        speaks = asyncio.create_task(whole(s.generate("m", asked(1))))
        await happened(engine.stepping)
        unload = asyncio.create_task(s.unload("m", now=False))
        later = asyncio.create_task(whole(s.generate("m", asked(2))))
        await until(lambda: s.requests == 2)
        assert not unload.done()
        engine.let()
        assert (await speaks)[0] == text(asked(1))
        await unload
        await until(lambda: len(source.models["m"].engines) == 2)
        source.models["m"].engine.let()
        assert (await later)[0] == text(asked(2))
    assert [p.tokens for p in engine.inserted] == [(1,)]


async def test_unloading_at_once_ends_its_requests_and_says_so():
    source = PaperSource(m=Paper(held=True, slots=1))
    async with scheduled(source) as (s, governor):
        engine = await loaded(source, s)
        tasks = [asyncio.create_task(whole(s.generate("m", asked(n)))) for n in (1, 2)]
        await until(lambda: s.counts().waiting == 1)
        unload = asyncio.create_task(s.unload("m", now=True))
        await asyncio.sleep(0)
        engine.let(1)
        await unload
        for task in tasks:
            with pytest.raises(Unavailable, match="m was unloaded meanwhile"):
                await task
        assert engine.closed
        assert governor.ledger.residents == ()
        assert s.residency("m").state == "ready"


async def test_unloading_while_it_loads_gives_the_load_up():
    model = Paper(gate=threading.Semaphore(0))
    async with scheduled(PaperSource(m=model)) as (s, governor):
        load = asyncio.create_task(s.load("m", "the owner asked"))
        await happened(model.reached)
        unload = asyncio.create_task(s.unload("m", now=True))
        await asyncio.sleep(0)
        open_gate(model)
        await unload
        with pytest.raises(Unavailable, match="unloaded meanwhile"):
            await load
        assert governor.ledger.residents == ()
    assert (model.given_up, model.engines) == (1, [])


async def test_a_load_that_everyone_left_before_it_began_is_not_begun():
    source = PaperSource(a=Paper(), b=Paper())
    async with scheduled(source, 1_500, clock=FixedClock(), min_residency_s=60) as (s, _):
        await s.load("a", "for a test")
        loads = [asyncio.create_task(s.load("b", "the owner asked")) for _ in range(2)]
        await until(lambda: s.residency("b").detail != "")
        for load in loads:
            load.cancel()
        await asyncio.gather(*loads, return_exceptions=True)
        await until(lambda: s.residency("b").detail == "")
        s.prepare("b")
        joins = asyncio.create_task(s.load("b", "the owner asked"))
        await until(lambda: s.residency("b").detail != "")
        joins.cancel()
        await asyncio.gather(joins, return_exceptions=True)
        s.pin(set())
        await s.unload("a", now=False)
        await until(lambda: s.residency("b").state == "loaded")
    assert source.models["b"].openings == 1


async def test_a_load_is_asked_for_by_a_person_when_one_joins_it():
    source = PaperSource(a=Paper(held=True), b=Paper(), c=Paper())
    async with scheduled(source, 1_500) as (s, _):
        engine = await loaded(source, s, "a")
        speaks = asyncio.create_task(whole(s.generate("a", asked(1))))
        await happened(engine.stepping)
        s.prepare("b")
        other = asyncio.create_task(s.load("c", "the owner asked"))
        await asyncio.sleep(0)
        asks = asyncio.create_task(s.load("b", "the owner asked"))
        await asyncio.sleep(0)
        engine.let()
        await asyncio.gather(speaks, other, asks)
        assert s.residency("c").state == "loaded", "it came after the one that was asked for first"


async def test_an_unload_says_what_it_waits_for():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        speaks = [asyncio.create_task(whole(s.generate("m", asked(n)))) for n in (1, 2)]
        await happened(engine.stepping)
        unload = asyncio.create_task(s.unload("m", now=False))
        await asyncio.sleep(0)
        engine.let(1)
        await until(lambda: s.residency("m").detail == "leaving when 2 requests have ended")
        engine.let()
        await asyncio.gather(unload, *speaks)
        assert s.residency("m").detail == ""


async def test_an_unload_whose_callers_all_left_leaves_the_door_open():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        speaks = asyncio.create_task(whole(s.generate("m", asked(1, say=50))))
        await happened(engine.stepping)
        unloads = [asyncio.create_task(s.unload("m", now=False)) for _ in range(3)]
        await asyncio.sleep(0)
        engine.let(1)
        await until(lambda: s.residency("m").detail != "")
        later = asyncio.create_task(whole(s.generate("m", asked(2))))
        await asyncio.sleep(0)
        for unload in unloads:
            unload.cancel()
        await asyncio.gather(*unloads, return_exceptions=True)
        engine.let()
        await asyncio.gather(speaks, later)
        assert (s.residency("m").state, s.residency("m").detail) == ("loaded", "")
    assert [p.tokens for p in engine.inserted] == [(1,), (2,)], "it never left"


async def test_an_unload_at_once_does_not_wait_behind_one_that_waits():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        speaks = asyncio.create_task(whole(s.generate("m", asked(1, say=1_000))))
        await happened(engine.stepping)
        waits = asyncio.create_task(s.unload("m", now=False))
        await asyncio.sleep(0)
        engine.let(1)
        await until(lambda: s.residency("m").detail != "")
        at_once = asyncio.create_task(s.unload("m", now=True))
        await asyncio.sleep(0)
        engine.let(1)
        await asyncio.gather(waits, at_once)
        with pytest.raises(Unavailable, match="unloaded meanwhile"):
            await speaks


async def test_a_load_after_an_unload_is_no_load_before_it():
    model = Paper(gate=threading.Semaphore(0))
    async with scheduled(PaperSource(m=model)) as (s, _):
        before = asyncio.create_task(s.load("m", "the owner asked"))
        await happened(model.reached)
        unload = asyncio.create_task(s.unload("m", now=False))
        await asyncio.sleep(0)
        after = asyncio.create_task(s.load("m", "the owner asked"))
        await asyncio.sleep(0)
        open_gate(model)
        await asyncio.gather(before, unload, after)
        assert s.residency("m").state == "loaded"
    assert model.openings == 2


async def test_who_waits_for_a_load_alone_is_no_request():
    model = Paper(gate=threading.Semaphore(0))
    async with scheduled(PaperSource(m=model)) as (s, governor):
        loads = [asyncio.create_task(s.load("m", "the owner asked")) for _ in range(3)]
        await happened(model.reached)
        assert s.residency("m").requests == 0
        assert [r.requests for r in governor.ledger.residents] == [0]
        open_gate(model)
        await asyncio.gather(*loads)


async def test_unloading_what_is_not_there_is_done_at_once():
    async with scheduled(PaperSource(m=Paper())) as (s, _):
        await s.unload("m", now=False)
        await s.unload("m", now=True)


async def test_a_pinned_model_is_not_unloaded():
    async with scheduled(PaperSource(m=Paper())) as (s, governor):
        s.pin({"m"})
        await s.load("m", "it is pinned")
        resident = governor.ledger.resident("m")
        assert resident is not None
        assert resident.pinned
        assert s.residency("m").pinned
        with pytest.raises(Conflict, match="m is pinned"):
            await s.unload("m", now=True)
        s.pin(set())
        await s.unload("m", now=False)
        assert not s.residency("m").pinned


async def test_a_model_that_is_pinned_while_it_is_to_leave_stays():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        speaks = asyncio.create_task(whole(s.generate("m", asked(1))))
        await happened(engine.stepping)
        unload = asyncio.create_task(s.unload("m", now=False))
        await asyncio.sleep(0)
        s.pin({"m"})
        engine.let()
        with pytest.raises(Conflict):
            await unload
        await speaks
        assert s.residency("m").state == "loaded"


def open_gate(model: Paper) -> None:
    """Its load goes on."""
    assert model.gate is not None
    model.gate.release(1_000)


def one_slice(model: Paper) -> None:
    """Its load goes on by one."""
    assert model.gate is not None
    model.gate.release()


async def test_a_model_with_fewer_slots_than_was_said_lets_the_others_wait():
    class Fewer(PaperSource):
        def slots(self, name: str) -> int:
            return 8

    model = Paper(slots=1, gate=threading.Semaphore(0))
    async with scheduled(Fewer(m=model)) as (s, _):
        s.prepare("m")
        await happened(model.reached)
        speaks = [asyncio.create_task(whole(s.generate("m", asked(n)))) for n in (1, 2, 3)]
        await asyncio.sleep(0)
        one_slice(model)
        await until(lambda: s.residency("m").requests == 3)
        open_gate(model)
        assert [(await task)[0] for task in speaks] == [text(asked(n)) for n in (1, 2, 3)]
