"""One thread, many requests: who is served, who is refused, and what a cancel frees."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from common.errors import Invalid, OverLimit, Unavailable
from common.model.llm import ChatMessage, Generated
from dragon_node.inference.engines.batched import SLOTS
from dragon_node.inference.scheduling.scheduler import INBOX_MAX, Engine, Prompt, Scheduler
from tests.support.engines import SteppedEngine

PLENTY = 10_000


def asked(word: str, tokens: int = 3, model: str = "m") -> Prompt:
    return Prompt(model, (ChatMessage("user", word),), tokens)


class Gate:
    """Holds the owner thread in a load, so that whoever comes stays in the inbox."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()
        self.engine = SteppedEngine()
        self.engine.permits.release(PLENTY)

    def load(self, name: str) -> Engine:
        self.reached.set()
        self.open.wait(20)  # a failing test must not leave the thread here
        return self.engine


@asynccontextmanager
async def scheduler(load: Callable[[str], Engine]) -> AsyncGenerator[Scheduler]:
    opened = Scheduler(load)
    try:
        yield opened
    finally:
        await opened.close()


async def whole(pieces: AsyncGenerator[Generated]) -> tuple[str, Generated]:
    text, last = "", Generated("")
    async for last in pieces:
        text += last.text
    return text, last


async def open_requests(s: Scheduler, number: int) -> None:
    """Turns the loop until so many requests have been made."""
    for _ in range(1_000):
        if s.requests == number:
            return
        await asyncio.sleep(0)
    raise AssertionError(f"{s.requests} requests, not {number}")


async def happened(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 30)


async def test_two_requests_at_once_are_generated_in_the_same_steps():
    engine = SteppedEngine()
    async with scheduler(lambda _: engine) as s, asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(whole(s.generate(asked(w)))) for w in ("a", "b")]
        await open_requests(s, 2)
        engine.permits.release(PLENTY)
    assert [task.result()[0] for task in both] == ["a0 a1 a2 ", "b0 b1 b2 "]
    assert 2 in engine.batches


async def test_the_last_piece_counts_tokens_and_names_the_model():
    engine = SteppedEngine()
    engine.permits.release(PLENTY)
    async with scheduler(lambda _: engine) as s:
        _, last = await whole(s.generate(asked("a", 5)))
    assert last.finish == "length"
    assert (last.prompt_tokens, last.completion_tokens, last.model) == (7, 5, "m")


async def test_a_cancel_between_steps_frees_the_slot_and_the_other_request_goes_on():
    engine = SteppedEngine()
    async with scheduler(lambda _: engine) as s:
        leaves = s.generate(asked("leaves", 1_000))
        engine.permits.release(1)
        await anext(leaves)
        stays = asyncio.create_task(whole(s.generate(asked("stays"))))
        await open_requests(s, 2)
        await leaves.aclose()
        engine.permits.release(PLENTY)
        assert (await stays)[0] == "stays0 stays1 stays2 "
    assert engine.removed == [1]


async def test_a_cancel_while_waiting_in_the_inbox_never_reaches_the_model():
    gate = Gate()
    async with scheduler(gate.load) as s:
        first = asyncio.create_task(whole(s.generate(asked("first"))))
        await happened(gate.reached)
        waiting = asyncio.create_task(whole(s.generate(asked("waiting"))))
        await open_requests(s, 2)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        gate.open.set()
        await first
    assert gate.engine.inserted == ["first"]


async def test_a_full_inbox_refuses_with_the_numbers_and_a_cancel_makes_room():
    gate = Gate()
    async with scheduler(gate.load) as s:
        tasks = [asyncio.create_task(whole(s.generate(asked("first"))))]
        await happened(gate.reached)
        tasks += [asyncio.create_task(whole(s.generate(asked("more")))) for _ in range(INBOX_MAX)]
        await open_requests(s, INBOX_MAX + 1)
        with pytest.raises(OverLimit, match=f"{INBOX_MAX} requests already wait"):
            await whole(s.generate(asked("over")))
        leaves = tasks.pop()
        leaves.cancel()
        await asyncio.gather(leaves, return_exceptions=True)
        tasks.append(asyncio.create_task(whole(s.generate(asked("now")))))
        await open_requests(s, INBOX_MAX + 1)
        gate.open.set()
        await asyncio.gather(*tasks)
    assert max(gate.engine.batches) <= SLOTS
    assert gate.engine.inserted.count("now") == 1


async def test_a_model_is_loaded_once_for_all_who_ask_at_the_same_time():
    loads: list[str] = []
    engine = SteppedEngine()
    engine.permits.release(PLENTY)

    def load(name: str) -> Engine:
        loads.append(name)
        return engine

    async with scheduler(load) as s:
        s.prepare("m")
        await asyncio.gather(*(whole(s.generate(asked(w))) for w in "abc"))
    assert loads == ["m"]


async def test_only_the_owner_thread_touches_an_engine():
    engine = SteppedEngine()
    engine.permits.release(PLENTY)
    async with scheduler(lambda _: engine) as s:
        await asyncio.gather(*(whole(s.generate(asked(w))) for w in "abc"))
    assert engine.threads == {"mlx"}
    assert engine.closed


async def test_a_refused_prompt_fails_alone():
    engine = SteppedEngine()
    engine.permits.release(PLENTY)
    async with scheduler(lambda _: engine) as s:
        with pytest.raises(Invalid) as refusal:
            await whole(s.generate(asked("too long")))
        assert refusal.value.field == "messages"
        assert (await whole(s.generate(asked("a", 1))))[0] == "a0 "


async def test_a_failed_step_fails_its_requests_and_the_next_one_loads_anew():
    engines = [SteppedEngine(), SteppedEngine()]
    engines[0].fault = RuntimeError("There is no Stream(cpu, 3)")
    for engine in engines:
        engine.permits.release(PLENTY)
    left = iter(engines)
    async with scheduler(lambda _: next(left)) as s:
        with pytest.raises(Unavailable, match="failed while it spoke"):
            await whole(s.generate(asked("a")))
        assert s.residency("m").failed
        assert (await whole(s.generate(asked("b", 1))))[0] == "b0 "
        assert s.residency("m").loaded


async def test_a_fault_at_the_beginning_of_a_request_leaves_the_thread_alive():
    engine = SteppedEngine()
    engine.permits.release(PLENTY)
    engine.insert_fault = ValueError("no such template")
    async with scheduler(lambda _: engine) as s:
        with pytest.raises(Unavailable, match="no such template"):
            await whole(s.generate(asked("a")))
        engine.insert_fault = None
        assert (await whole(s.generate(asked("b", 1))))[0] == "b0 "


async def test_a_model_that_does_not_load_says_so_and_is_tried_again():
    broken = True
    engine = SteppedEngine()
    engine.permits.release(PLENTY)

    def load(name: str) -> Engine:
        if broken:
            raise ValueError("weights are missing")
        return engine

    async with scheduler(load) as s:
        with pytest.raises(Unavailable, match="weights are missing") as refusal:
            await whole(s.generate(asked("a")))
        assert "fetch_models" in refusal.value.hint
        assert "weights are missing" in s.residency("m").failed
        broken = False
        assert (await whole(s.generate(asked("a", 1))))[0] == "a0 "


async def test_a_model_that_has_not_arrived_is_not_called_failed():
    def load(name: str) -> Engine:
        raise Unavailable("model 40 %")

    async with scheduler(load) as s:
        with pytest.raises(Unavailable, match="40 %"):
            await whole(s.generate(asked("a")))
        assert not s.residency("m").failed


async def test_closing_tells_those_who_wait_and_refuses_those_who_come():
    engine = SteppedEngine()
    s = Scheduler(lambda _: engine)
    running = asyncio.create_task(whole(s.generate(asked("a", 1_000))))
    await happened(engine.stepping)
    closing = asyncio.create_task(s.close())
    await asyncio.sleep(0)
    engine.permits.release(1)
    await closing
    with pytest.raises(Unavailable, match="stopping"):
        await running
    with pytest.raises(Unavailable, match="stopping"):
        await whole(s.generate(asked("late")))


async def test_a_slow_reader_gets_everything_joined_and_delays_nobody():
    engine = SteppedEngine()
    async with scheduler(lambda _: engine) as s:
        slow = s.generate(asked("slow", 50))
        engine.permits.release(1)
        first = await anext(slow)
        engine.permits.release(PLENTY)
        assert (await whole(s.generate(asked("quick"))))[0] == "quick0 quick1 quick2 "
        await happened(engine.rested)
        rest = [piece async for piece in slow]
    assert len(rest) == 1
    assert (first.text + rest[0].text).split() == [f"slow{n}" for n in range(50)]


async def test_idle_waits_for_the_last_request():
    engine = SteppedEngine()
    async with scheduler(lambda _: engine) as s:
        await s.idle()
        running = asyncio.create_task(whole(s.generate(asked("a"))))
        await open_requests(s, 1)
        idle = asyncio.create_task(s.idle())
        await asyncio.sleep(0)
        assert not idle.done()
        engine.permits.release(PLENTY)
        await running
        await idle
    assert engine.rested.is_set()
