"""Under a budget that is too small: who gets memory, who waits, who speaks instead, and why."""

from __future__ import annotations

import asyncio
import threading

import pytest

from common.errors import Invalid, OverLimit, Unavailable
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.scheduling import admission
from dragon_node.inference.scheduling.source import Alternative
from tests.support.paper_engines import Paper, PaperSource, asked, kv_bytes, text
from tests.support.scheduling import (
    FixedClock,
    came_round,
    happened,
    loaded,
    scheduled,
    until,
    whole,
)

SMALL = kv_bytes([16])
"""Bytes of a request of up to 16 tokens."""


async def test_worst_case_caches_are_in_the_ledger_before_a_request_begins():
    seen: list[int] = []
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, governor):
        engine = await loaded(source, s)
        insert = engine.insert

        def watching(prompted: Prompted):
            seen.append(sum(r.kv_bytes for r in governor.ledger.residents))
            return insert(prompted)

        engine.insert = watching
        tasks = [
            asyncio.create_task(whole(s.generate("m", asked(n, say=20 * n)))) for n in (1, 2, 3)
        ]
        await until(lambda: s.requests == 3)
        engine.let()
        await asyncio.gather(*tasks)
        assert governor.ledger.used_bytes == 1_000 + engine.cache_bytes
    assert seen == [kv_bytes([21]), kv_bytes([21, 41]), kv_bytes([21, 41, 61])]


async def test_an_idle_model_makes_room_for_the_one_that_is_asked_for():
    source = PaperSource(a=Paper(), b=Paper())
    async with scheduled(source, 1_500) as (s, governor):
        await whole(s.generate("a", asked(1)))
        await whole(s.generate("b", asked(1)))
        assert [r.name for r in governor.ledger.residents] == ["b"]
        assert source.models["a"].engine.closed
        assert (s.residency("a").state, s.counts().evicted) == ("ready", 1)
        assert "b" in s.residency("a").reason


async def test_prompts_that_come_again_are_forgotten_before_a_model_goes():
    source = PaperSource(a=Paper(), b=Paper())
    async with scheduled(source, 2_700) as (s, _):
        for first in range(5):
            await whole(s.generate("a", asked(first, say=12)))
        assert source.models["a"].engine.cache_bytes > 600
        await whole(s.generate("b", asked(1)))
        assert s.counts().evicted == 0
        assert source.models["a"].engine.cache_bytes <= 2_700 - 2_000 - SMALL


async def test_prompts_that_come_again_never_keep_more_than_is_left_over():
    source = PaperSource(a=Paper())
    async with scheduled(source, 1_500) as (s, governor):
        for first in range(9):
            await whole(s.generate("a", asked(first, say=12)))
            assert governor.ledger.free_bytes >= 0
        assert 0 < source.models["a"].engine.cache_bytes <= 500


async def test_a_model_that_came_a_moment_ago_is_not_driven_out_at_once():
    clock = FixedClock()
    source = PaperSource(a=Paper(), b=Paper())
    async with scheduled(source, 1_500, clock=clock, min_residency_s=60) as (s, _):
        await whole(s.generate("a", asked(1)))
        waits = asyncio.create_task(whole(s.generate("b", asked(1))))
        await until(lambda: s.counts().waiting == 1)
        assert (await whole(s.generate("a", asked(2))))[0] == text(asked(2))
        clock.pass_s(61)
        s.pin(set())  # looks at the inbox, as the end of the wait would
        assert (await waits)[0] == text(asked(1))
        assert s.residency("a").state == "ready"


async def test_who_waits_for_memory_gets_it_when_another_request_ends():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source, 1_000 + SMALL) as (s, _):
        engine = await loaded(source, s)
        first = asyncio.create_task(whole(s.generate("m", asked(1))))
        await happened(engine.stepping)
        second = asyncio.create_task(whole(s.generate("m", asked(2))))
        await until(lambda: s.counts().waiting == 1)
        engine.let()
        assert [(await first)[0], (await second)[0]] == [text(asked(1)), text(asked(2))]
    assert max(step.width for step in engine.steps) == 1


async def test_who_waits_for_memory_is_told_why_and_so_is_whoever_looks_at_the_model():
    clock = FixedClock()
    source = PaperSource(a=Paper(), b=Paper())
    async with scheduled(source, 1_500, clock=clock, min_residency_s=60) as (s, _):
        await whole(s.generate("a", asked(1)))
        waits = asyncio.create_task(whole(s.generate("b", asked(1, timeout_s=30))))
        why = "waiting for a, which was loaded a moment ago: b needs"
        await until(lambda: s.residency("b").detail.startswith(why))
        clock.pass_s(30)
        s.pin(set())  # looks at the inbox, as the end of the wait would
        with pytest.raises(Unavailable, match=f"30 s have passed .* to begin: {why}"):
            await waits
        await until(lambda: s.residency("b").detail == "")
        waits = asyncio.create_task(whole(s.generate("b", asked(1, timeout_s=60))))
        await until(lambda: s.residency("b").detail.startswith(why))
        clock.pass_s(31)
        s.pin(set())
        assert (await waits)[0] == text(asked(1))
        assert s.residency("b").detail == ""


async def test_who_waits_while_nothing_runs_and_memory_is_free_begins(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(admission, "AGAIN_S", (0.01, 0.02))
    clock = FixedClock()
    source = PaperSource(a=Paper(), b=Paper(), c=Paper(weight_bytes=600))
    async with scheduled(source, 1_800, clock=clock, min_residency_s=60) as (s, governor):
        governor.set_embedder(200)
        await s.load("a", "for a test")
        waits = asyncio.create_task(whole(s.generate("c", asked(1))))
        await until(lambda: s.residency("c").detail != "")
        governor.set_embedder(0)  # of which nobody tells the owner thread
        clock.pass_s(1)
        assert (await waits)[0] == text(asked(1))
        assert s.residency("a").state == "loaded"


async def test_who_was_kept_behind_one_that_is_refused_in_the_end_begins(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(admission, "AGAIN_S", (0.05, 3_600.0))
    clock = FixedClock()
    source = PaperSource(a=Paper(), b=Paper(), c=Paper(weight_bytes=100))
    async with scheduled(source, 1_800, clock=clock, min_residency_s=1_000) as (s, _):
        await s.load("a", "for a test")
        s.prepare("b")  # whose caller does not wait, and so wakes nobody when it is refused
        await came_round(s)
        clock.pass_s(61)
        young = asyncio.create_task(whole(s.generate("c", asked(3))))
        await until(lambda: s.counts().waiting == 1)
        await came_round(s)
        assert s.counts().waiting == 1
        source.models["b"].missing = Unavailable("b is being fetched anew")
        clock.pass_s(1_000)
        s.pin(set())  # looks at the inbox, as the end of the wait would
        assert (await young)[0] == text(asked(3))


async def test_what_can_never_fit_is_refused_at_once_with_the_numbers():
    source = PaperSource(m=Paper(weight_bytes=2_000), p=Paper())
    async with scheduled(source, 1_500) as (s, governor):
        with pytest.raises(OverLimit, match="m needs") as refusal:
            await whole(s.generate("m", asked(1)))
        assert refusal.value.hint
        with pytest.raises(OverLimit):
            await s.load("m", "the owner asked")
        assert "m needs" in s.residency("m").detail
        assert (s.counts().refused, governor.ledger.residents) == (1, ())


async def test_pinned_models_stay_and_who_asks_for_another_is_refused():
    source = PaperSource(a=Paper(), b=Paper())
    async with scheduled(source, 1_500) as (s, _):
        s.pin({"a"})
        await s.load("a", "it is pinned")
        with pytest.raises(OverLimit, match="pinned a"):
            await whole(s.generate("b", asked(1)))
        assert s.residency("a").state == "loaded"


async def test_a_named_alternative_speaks_instead_and_says_so_first():
    source = PaperSource(a=Paper(weight_bytes=2_000), b=Paper())
    async with scheduled(source, 1_500) as (s, _):
        spoken = s.generate("a", asked(1), [Alternative("b", lambda: asked(7, 7))])
        pieces = [piece async for piece in spoken]
        assert "".join(p.text for p in pieces) == text(asked(7, 7))
        assert {p.model for p in pieces} == {"b"}
        assert "b answers" in pieces[0].instead
        assert not any(p.instead for p in pieces[1:])
        assert pieces[-1].prompt_tokens == 2
        assert (s.counts().instead, s.counts().refused) == (1, 0)


async def test_why_another_was_asked_is_said_first_and_before_why_yet_another_answers():
    source = PaperSource(a=Paper(weight_bytes=2_000), b=Paper())
    async with scheduled(source, 1_500) as (s, _):
        missing = "x has not arrived; a answers"
        spoken = s.generate("b", asked(1), instead=missing)
        assert [p.instead async for p in spoken if p.instead] == [missing]
        others = [Alternative("b", lambda: asked(7))]
        spoken = s.generate("a", asked(1), others, instead=missing)
        said = [p.instead async for p in spoken if p.instead]
        assert len(said) == 1
        assert said[0].startswith(f"{missing}; ")
        assert "b answers" in said[0]
        assert s.counts().instead == 2


async def test_alternatives_are_not_read_while_the_model_that_was_asked_can_begin():
    def never() -> Prompted:
        raise AssertionError("nobody needs that")

    async with scheduled(PaperSource(a=Paper(), b=Paper())) as (s, _):
        said, last = await whole(s.generate("a", asked(1), [Alternative("b", never)]))
    assert (said, last.model, last.instead) == (text(asked(1)), "a", "")


async def test_an_alternative_that_cannot_read_the_request_leaves_it_to_the_next():
    def too_long() -> Prompted:
        raise Invalid("it is too long", field="messages")

    def broken() -> Prompted:
        raise KeyError("template")

    source = PaperSource(a=Paper(weight_bytes=2_000), b=Paper(), c=Paper(), d=Paper())
    others = [
        Alternative("b", too_long),
        Alternative("c", broken),
        Alternative("d", lambda: asked(4)),
    ]
    async with scheduled(source, 1_500) as (s, _):
        assert (await whole(s.generate("a", asked(1), others)))[1].model == "d"
        with pytest.raises(OverLimit, match="a needs"):
            await whole(s.generate("a", asked(1), others[:2]))


async def test_a_request_that_leaves_while_its_alternatives_read_is_forgotten():
    reading, read = threading.Event(), threading.Event()

    def slow() -> Prompted:
        reading.set()
        read.wait(20)
        return asked(2)

    source = PaperSource(a=Paper(weight_bytes=2_000), b=Paper())
    async with scheduled(source, 1_500) as (s, _):
        task = asyncio.create_task(whole(s.generate("a", asked(1), [Alternative("b", slow)])))
        await happened(reading)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        read.set()
        assert (await whole(s.generate("b", asked(3))))[0] == text(asked(3))
        assert s.counts().cancelled == 1


async def test_who_has_waited_long_for_memory_is_not_overtaken_by_those_who_would_keep_it():
    clock = FixedClock()
    source = PaperSource(a=Paper(held=True), b=Paper())
    async with scheduled(source, 1_800, clock=clock) as (s, _):
        await s.load("a", "for a test")
        engine = source.models["a"].engine
        first = asyncio.create_task(whole(s.generate("a", asked(1, say=10))))
        await happened(engine.stepping)
        old = asyncio.create_task(whole(s.generate("b", asked(2))))
        await until(lambda: s.counts().waiting == 1)
        engine.stepping.clear()
        engine.let(1)
        await happened(engine.stepping)  # between the steps it was told to wait
        clock.pass_s(6)
        young = asyncio.create_task(whole(s.generate("a", asked(3))))
        await until(lambda: s.counts().waiting == 2)
        engine.let()
        await asyncio.gather(first, old)
        await until(lambda: len(source.models["a"].engines) == 2)
        source.models["a"].engine.let()
        await young
    assert [p.tokens for p in engine.inserted] == [(1,)], "it was not begun before its elder"


async def test_a_model_that_leaves_takes_its_caches_out_of_the_ledger():
    source = PaperSource(m=Paper())
    async with scheduled(source) as (s, governor):
        await whole(s.generate("m", asked(1)))
        assert governor.ledger.used_bytes > 1_000
        await s.unload("m", now=False)
        assert governor.ledger.used_bytes == 0


async def test_a_change_in_the_very_turn_in_which_somebody_is_told_to_wait_is_not_missed(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(admission, "AGAIN_S", (0.05, 3_600.0))
    source = PaperSource(m=Paper(weight_bytes=0))
    async with scheduled(source, SMALL, clock=FixedClock()) as (s, _):
        unread = s.generate("m", asked(1, say=1))
        heard = asyncio.ensure_future(anext(unread))
        await asyncio.sleep(0)
        waits = s.generate("m", asked(2, say=1))
        assert (await whole(waits))[0] == text(asked(2, say=1))
        await heard
        await unread.aclose()
