"""The loop of a node that does tasks, before a desk that says what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from common.errors import Conflict, Missing, PostDevAIError, Unavailable
from common.model.task import Assignment, Failing, Offer, Task, TaskId, TaskKind
from common.worker import Executor, Result, Step, Steps, Worker
from tests.support.waiting import until

PATIENCE_S = 30.0


@dataclass
class Desk:
    """Gives out each assignment once; remembers all that it is told."""

    waiting: list[Assignment] = field(default_factory=list)
    refusals: list[PostDevAIError] = field(default_factory=list)
    """Raised by the next words about how a task ended."""
    claim_refusals: list[PostDevAIError] = field(default_factory=list)
    cancel: bool = False
    lost: bool = False
    told: list[tuple[str, ...]] = field(default_factory=list)
    ended: asyncio.Queue[tuple[str, ...]] = field(default_factory=asyncio.Queue)
    offers: list[Offer] = field(default_factory=list)
    beats: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def claim(self, offer: Offer, limit: int, wait_s: float) -> tuple[Assignment, ...]:
        self.offers.append(offer)
        if self.claim_refusals:
            raise self.claim_refusals.pop()
        given, self.waiting = tuple(self.waiting[:limit]), self.waiting[limit:]
        if not given:
            await self.more.wait()
        return given

    async def progress(self, task_id: TaskId, token: str, share: float, sentence: str) -> bool:
        self.beats += 1
        if self.lost:
            raise Conflict("this claim has ended")
        self.told.append((task_id, sentence))
        return self.cancel

    async def complete(self, task_id: TaskId, token: str, result: str) -> None:
        self._end("done", task_id, token, result)

    async def fail(self, task_id: TaskId, token: str, how: Failing, reason: str) -> None:
        self._end(how, task_id, token, reason)

    def _end(self, *words: str) -> None:
        if self.refusals:
            raise self.refusals.pop()
        self.ended.put_nowait(words)


def given(n: int = 1) -> Assignment:
    return Assignment(Task(TaskId(f"t{n}"), "snapshot", state="running"), f"token{n}", 0)


def worker(desk: Desk, executor: Executor, slots: int = 1) -> Worker:
    executors: Mapping[TaskKind, Executor] = {"snapshot": executor}
    return Worker(desk, executors, slots=slots, beat_s=0.01)


async def quick(task: Task) -> Steps:
    yield Step("half", 0.5)
    yield Result(f"came of {task.id}")


async def broken(task: Task) -> Steps:
    yield Step("on the way")
    raise ValueError("a slip")


async def refused(task: Task) -> Steps:
    yield Step("on the way")
    raise Missing("no such project", hint="look again")


async def busy(task: Task) -> Steps:
    yield Step("on the way")
    raise Unavailable("the model is away")


async def endless(task: Task) -> Steps:
    yield Step("for ever")
    await asyncio.Event().wait()


async def outcome(desk: Desk) -> tuple[str, ...]:
    async with asyncio.timeout(PATIENCE_S):
        return await desk.ended.get()


async def test_what_came_of_a_task_is_told_under_its_claim() -> None:
    desk = Desk([given()])
    async with worker(desk, quick).working():
        assert await outcome(desk) == ("done", "t1", "token1", "came of t1")


async def test_whatever_an_executor_raises_is_the_tasks_reason_and_the_worker_goes_on() -> None:
    for executor, how, reason in (
        (broken, "retry", "ValueError: a slip"),
        (refused, "final", "no such project; look again"),
        (busy, "retry", "the model is away"),
    ):
        desk = Desk([given(1), given(2)])
        async with worker(desk, executor).working():
            assert await outcome(desk) == (how, "t1", "token1", reason)
            assert await outcome(desk) == (how, "t2", "token2", reason)


async def test_one_that_is_to_end_is_ended_and_its_work_is_closed() -> None:
    closed = asyncio.Event()

    async def closing(task: Task) -> Steps:
        try:
            yield Step("for ever")
            await asyncio.Event().wait()
        finally:
            closed.set()

    desk = Desk([given()], cancel=True)
    async with worker(desk, closing).working():
        assert await outcome(desk) == ("cancelled", "t1", "token1", "")
    assert closed.is_set()


async def test_one_whose_claim_was_lost_is_ended_and_nothing_is_told_of_it() -> None:
    desk = Desk([given()], lost=True)
    async with worker(desk, endless).working():
        await until(lambda: desk.beats > 0 and len(desk.offers) > 1)
    assert desk.ended.empty()


async def test_a_worker_that_stops_hands_back_what_it_has() -> None:
    desk = Desk([given()])
    async with worker(desk, endless).working():
        await until(lambda: desk.beats > 0)
    assert desk.ended.get_nowait()[:3] == ("returned", "t1", "token1")


async def test_it_has_no_more_than_its_slots() -> None:
    desk = Desk([given(n) for n in range(5)])
    async with worker(desk, endless, slots=2).working():
        await until(lambda: {told[0] for told in desk.told} == {"t0", "t1"})
        assert len(desk.waiting) == 3


async def test_a_result_is_offered_until_it_is_taken() -> None:
    desk = Desk([given()], refusals=[Unavailable("away"), Unavailable("away")])
    async with worker(desk, quick).working():
        assert (await outcome(desk))[0] == "done"


async def test_a_result_that_is_refused_is_let_go_and_the_worker_goes_on() -> None:
    desk = Desk([given(1), given(2)], refusals=[Conflict("this claim has ended")])
    async with worker(desk, quick).working():
        assert await outcome(desk) == ("done", "t2", "token2", "came of t2")


async def test_a_coordinator_that_is_away_is_asked_again() -> None:
    desk = Desk([given()], claim_refusals=[Unavailable("away")])
    async with worker(desk, quick).working():
        assert (await outcome(desk))[0] == "done"
    assert len({offer.life for offer in desk.offers}) == 1
