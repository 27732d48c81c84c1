"""Who waits for a turn: in which order, how many, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from common.errors import OverLimit, Unavailable
from dragon_node.inference.scheduling.inbox import BACKGROUND_MAX, INBOX_MAX
from tests.support.paper_engines import Paper, PaperSource, asked, text
from tests.support.scheduling import FixedClock, happened, loaded, scheduled, until, whole


async def test_a_cancel_while_it_waits_never_reaches_the_model():
    source = PaperSource(m=Paper(held=True, slots=1))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        first = asyncio.create_task(whole(s.generate("m", asked(1))))
        waiting = asyncio.create_task(whole(s.generate("m", asked(2))))
        await until(lambda: s.requests == 2)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        engine.let()
        await first
        assert s.counts().cancelled == 1
    assert [p.tokens for p in engine.inserted] == [(1,)]


async def test_a_full_inbox_refuses_with_the_numbers_and_a_cancel_makes_room():
    source = PaperSource(m=Paper(held=True, slots=1))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        tasks = [asyncio.create_task(whole(s.generate("m", asked(1))))]
        await happened(engine.stepping)
        tasks += [
            asyncio.create_task(whole(s.generate("m", asked(2, say=1)))) for _ in range(INBOX_MAX)
        ]
        await until(lambda: s.counts().waiting == INBOX_MAX)
        with pytest.raises(OverLimit, match=f"{INBOX_MAX} requests already wait"):
            await whole(s.generate("m", asked(3)))
        assert s.counts().refused == 1
        leaves = tasks.pop()
        leaves.cancel()
        await asyncio.gather(leaves, return_exceptions=True)
        tasks.append(asyncio.create_task(whole(s.generate("m", asked(4)))))
        await until(lambda: s.requests == INBOX_MAX + 1)
        engine.let()
        await asyncio.gather(*tasks)
    assert max(step.width for step in engine.steps) == 1


async def test_work_in_the_background_leaves_room_in_the_inbox_for_people():
    source = PaperSource(m=Paper(held=True, slots=1))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        tasks = [asyncio.create_task(whole(s.generate("m", asked(1))))]
        await happened(engine.stepping)
        quiet = asked(2, say=1, background=True)
        tasks += [asyncio.create_task(whole(s.generate("m", quiet))) for _ in range(BACKGROUND_MAX)]
        await until(lambda: s.counts().waiting == BACKGROUND_MAX)
        with pytest.raises(OverLimit, match=f"{BACKGROUND_MAX} requests already wait in the back"):
            await whole(s.generate("m", quiet))
        tasks.append(asyncio.create_task(whole(s.generate("m", asked(3)))))
        await until(lambda: s.counts().waiting == BACKGROUND_MAX + 1)
        engine.let()
        await asyncio.gather(*tasks)
    assert [p.tokens[0] for p in engine.inserted[:3]] == [1, 3, 2], "people first, then in order"


async def test_what_waited_in_the_background_for_long_is_not_overtaken_for_ever():
    clock = FixedClock()
    source = PaperSource(m=Paper(held=True, slots=1))
    async with scheduled(source, clock=clock) as (s, _):
        engine = await loaded(source, s)
        tasks = [asyncio.create_task(whole(s.generate("m", asked(1))))]
        await happened(engine.stepping)
        tasks.append(asyncio.create_task(whole(s.generate("m", asked(2, background=True)))))
        await until(lambda: s.counts().waiting == 1)
        clock.pass_s(61)
        tasks.append(asyncio.create_task(whole(s.generate("m", asked(3)))))
        await until(lambda: s.counts().waiting == 2)
        engine.let()
        await asyncio.gather(*tasks)
    assert [p.tokens[0] for p in engine.inserted] == [1, 2, 3]


async def test_a_deadline_that_passes_in_the_queue_is_told_with_its_time():
    clock = FixedClock()
    source = PaperSource(m=Paper(held=True, slots=1))
    async with scheduled(source, clock=clock) as (s, _):
        engine = await loaded(source, s)
        first = asyncio.create_task(whole(s.generate("m", asked(1))))
        await happened(engine.stepping)
        late = asyncio.create_task(whole(s.generate("m", asked(2, timeout_s=3.0))))
        await until(lambda: s.counts().waiting == 1)
        clock.pass_s(3)
        engine.let()
        with pytest.raises(Unavailable, match="3 s have passed while the request waited to begin"):
            await late
        await first
    assert len(engine.inserted) == 1


async def test_the_time_of_a_request_counts_from_its_arrival_and_not_from_its_reading():
    clock = FixedClock()
    async with scheduled(PaperSource(m=Paper()), clock=clock) as (s, governor):
        arrived_s = governor.now_s()
        clock.pass_s(2)
        asks = asked(1, timeout_s=3.0)
        assert (await whole(s.generate("m", asks, arrived_s=arrived_s)))[0] == text(asks)
        clock.pass_s(1)
        with pytest.raises(Unavailable, match="3 s have passed"):
            await whole(s.generate("m", asks, arrived_s=arrived_s))


async def test_who_was_turned_away_at_the_door_is_counted_as_refused():
    async with scheduled(PaperSource(m=Paper())) as (s, _):
        s.turned_away()
        assert s.counts().refused == 1


async def test_a_deadline_while_it_speaks_ends_the_answer_with_what_was_said():
    clock = FixedClock()
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source, clock=clock) as (s, governor):
        engine = await loaded(source, s)
        pieces = s.generate("m", asked(1, say=1_000, timeout_s=3.0))
        engine.let(2)
        heard = await anext(pieces)
        await until(lambda: len(engine.steps) == 2)
        clock.pass_s(3)
        engine.let()
        said = heard.text + "".join([p.text async for p in pieces if (last := p)])
        assert (last.finish, last.completion_tokens) == ("deadline", len(said.split()))
        assert text(asked(1, say=1_000)).startswith(said)
        assert sum(r.kv_bytes for r in governor.ledger.residents) == 0


async def test_a_deadline_before_the_first_token_is_no_empty_answer():
    clock = FixedClock()
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source, clock=clock) as (s, _):
        engine = await loaded(source, s)
        task = asyncio.create_task(whole(s.generate("m", asked(*range(1, 3_000), timeout_s=3.0))))
        await happened(engine.stepping)
        clock.pass_s(3)
        engine.let()
        with pytest.raises(Unavailable, match="3 s have passed while the request was read"):
            await task


async def test_idle_waits_for_the_last_request():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        await s.idle()
        engine = await loaded(source, s)
        running = asyncio.create_task(whole(s.generate("m", asked(1))))
        await until(lambda: s.requests == 1)
        idle = asyncio.create_task(s.idle())
        await asyncio.sleep(0)
        assert not idle.done()
        engine.let()
        await running
        await idle
        assert engine.rested.is_set()
