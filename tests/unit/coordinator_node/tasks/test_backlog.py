"""The backlog over a real SQLite engine, with a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import Conflict, Missing, OverLimit
from common.model.ids import NodeId
from common.model.node import Identity
from common.model.task import Assignment, Offer, TaskWish
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.tasks import rules, steps
from coordinator_node.tasks.backlog import QUEUE, VISIBLE_S, Backlog
from tests.support.small_mesh import ShiftedClock

LAPTOP = Identity("m", "developer", NodeId("l1"))
DRAGON = Identity("m", "dragon", NodeId("d1"))
SECOND = Identity("m", "dragon", NodeId("d2"))
OFFER = Offer(("snapshot", "reindex"), ("thing",), slots=2, life="1")
SNAPSHOT = TaskWish("snapshot", "k1")
GONE_MS = int(1000 * VISIBLE_S) + steps.SLACK_MS + 1


@asynccontextmanager
async def opened(path: Path, clock: ShiftedClock) -> AsyncGenerator[Backlog]:
    async with open_sqlite(path / "state.db", clock) as engine:
        yield await Backlog.open(engine, clock)


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def backlog(tmp_path: Path, clock: ShiftedClock) -> AsyncGenerator[Backlog]:
    async with opened(tmp_path, clock) as backlog:
        yield backlog


async def claim(
    backlog: Backlog, who: Identity = DRAGON, offer: Offer = OFFER, limit: int = 1
) -> tuple[Assignment, ...]:
    return await backlog.claim(who, offer, limit, 0)


async def test_a_key_is_one_task_however_often_it_is_submitted(backlog: Backlog) -> None:
    first, created = await backlog.submit(SNAPSHOT, LAPTOP)
    again = [await backlog.submit(SNAPSHOT, LAPTOP) for _ in range(5)]
    assert created and {task.id for task, _ in again} == {first.id}
    assert not any(created for _, created in again)
    assert len(await claim(backlog, limit=2)) == 1
    with pytest.raises(Conflict):
        await backlog.submit(replace(SNAPSHOT, kind="compact"), LAPTOP)


async def test_a_key_is_one_task_after_its_end_too(backlog: Backlog) -> None:
    await backlog.submit(SNAPSHOT, LAPTOP)
    (given,) = await claim(backlog)
    await backlog.complete(DRAGON.id, given.task.id, given.token, "done")
    task, created = await backlog.submit(SNAPSHOT, LAPTOP)
    assert (task.state, created) == ("done", False)
    assert not await claim(backlog)


async def test_higher_priorities_go_first_and_equal_ones_in_order(backlog: Backlog) -> None:
    for key, priority in (("a", 0), ("b", 5), ("c", 9), ("d", 5)):
        await backlog.submit(TaskWish("snapshot", key, priority=priority), LAPTOP)
    offer = replace(OFFER, slots=8)
    given = await claim(backlog, offer=offer, limit=8)
    assert [each.task.key for each in given] == ["c", "b", "d", "a"]


async def test_a_node_has_no_more_than_its_slots_however_often_it_asks(backlog: Backlog) -> None:
    for n in range(5):
        await backlog.submit(TaskWish("snapshot", str(n)), LAPTOP)
    found = await asyncio.gather(*(claim(backlog, limit=5) for _ in range(4)))
    assert sum(map(len, found)) == OFFER.slots
    assert len(await claim(backlog, SECOND)) == 1  # the control: there is work left
    (first, *_) = [each for given in found for each in given]
    await backlog.complete(DRAGON.id, first.task.id, first.token, "")
    assert len(await claim(backlog, limit=5)) == 1


async def test_a_task_goes_only_to_who_holds_its_project(backlog: Backlog) -> None:
    task, _ = await backlog.submit(TaskWish("reindex", "k", project="other"), LAPTOP)
    assert not await claim(backlog)
    assert "holds the project other" in backlog.tasks()[0].sentence
    offer = replace(OFFER, projects=("other",))
    assert (await claim(backlog, SECOND, offer))[0].task.id == task.id


async def test_a_silent_workers_task_goes_to_another_and_its_token_is_worth_nothing(
    backlog: Backlog, clock: ShiftedClock
) -> None:
    await backlog.submit(SNAPSHOT, LAPTOP)
    (old,) = await claim(backlog)
    assert not await claim(backlog, SECOND)
    clock.shift_ms += GONE_MS
    await backlog.look_after()
    assert backlog.tasks()[0].reason == steps.LOST
    (new,) = await claim(backlog, SECOND)
    assert (new.task.id, new.task.attempts) == (old.task.id, 2)
    with pytest.raises(Conflict):
        await backlog.progress(DRAGON.id, old.task.id, old.token, 0.9, "")
    with pytest.raises(Conflict):
        await backlog.complete(DRAGON.id, old.task.id, old.token, "of the old claim")
    with pytest.raises(Conflict):
        await backlog.fail(DRAGON.id, old.task.id, old.token, "final", "of the old claim")
    await backlog.complete(SECOND.id, new.task.id, new.token, "of the new claim")
    (task,) = backlog.tasks()
    assert (task.state, task.result) == ("done", "of the new claim")


async def test_whoever_tells_progress_keeps_the_claim(
    backlog: Backlog, clock: ShiftedClock
) -> None:
    await backlog.submit(SNAPSHOT, LAPTOP)
    (given,) = await claim(backlog)
    for _ in range(5):
        clock.shift_ms += int(1000 * VISIBLE_S) // 2
        await backlog.look_after()
        await backlog.progress(DRAGON.id, given.task.id, given.token, 0.5, "half")
        assert not await claim(backlog, SECOND)
    await backlog.complete(DRAGON.id, given.task.id, given.token, "r")
    assert backlog.tasks()[0].state == "done"


async def test_a_worker_that_is_started_anew_loses_what_it_had_at_once(backlog: Backlog) -> None:
    await backlog.submit(SNAPSHOT, LAPTOP)
    (old,) = await claim(backlog)
    (new,) = await claim(backlog, offer=replace(OFFER, life="2"))
    assert (new.task.id, new.task.attempts) == (old.task.id, 2)
    with pytest.raises(Conflict):
        await backlog.complete(DRAGON.id, old.task.id, old.token, "r")


async def test_a_failed_attempt_pauses_and_the_last_one_is_put_aside_until_a_person_comes(
    backlog: Backlog, clock: ShiftedClock
) -> None:
    await backlog.submit(SNAPSHOT, LAPTOP)
    for _ in range(3):
        (given,) = await claim(backlog)
        await backlog.fail(DRAGON.id, given.task.id, given.token, "retry", "no disk")
        assert not await claim(backlog)
        clock.shift_ms += 400_000
    (task,) = backlog.tasks()
    assert (task.state, task.reason, task.attempts) == ("dead", "no disk", 3)
    assert not await claim(backlog)
    await backlog.retry(task.id[:5])
    assert (await claim(backlog))[0].task.attempts == 1


async def test_a_cancelled_one_that_waits_is_given_to_nobody(backlog: Backlog) -> None:
    task, _ = await backlog.submit(SNAPSHOT, LAPTOP)
    assert (await backlog.cancel(task.id)).state == "cancelled"
    assert not await claim(backlog)
    await backlog.retry(task.id)
    assert (await claim(backlog))[0].task.id == task.id


async def test_a_running_one_hears_that_it_is_to_end_and_then_has_ended(backlog: Backlog) -> None:
    task, _ = await backlog.submit(SNAPSHOT, LAPTOP)
    (given,) = await claim(backlog)
    assert (await backlog.progress(DRAGON.id, task.id, given.token, 0.1, ""))[0] is False
    assert (await backlog.cancel(task.id)).cancelling
    assert (await backlog.progress(DRAGON.id, task.id, given.token, 0.2, ""))[0] is True
    await backlog.fail(DRAGON.id, task.id, given.token, "cancelled", "")
    assert backlog.tasks()[0].state == "cancelled"
    assert not await claim(backlog, SECOND)


async def test_a_coordinator_that_comes_back_knows_every_task_and_every_claim(
    tmp_path: Path, clock: ShiftedClock
) -> None:
    async with opened(tmp_path, clock) as first:
        for n in range(3):
            await first.submit(TaskWish("snapshot", str(n)), LAPTOP)
        (given,) = await claim(first)
    async with opened(tmp_path, clock) as second:
        assert len(second.tasks()) == 3
        await second.progress(DRAGON.id, given.task.id, given.token, 0.5, "")
        await second.complete(DRAGON.id, given.task.id, given.token, "r")
        await second.complete(DRAGON.id, given.task.id, given.token, "told again")
        rest = await claim(second, SECOND, limit=5)
        assert {each.task.key for each in rest} == {"1", "2"}
        assert {t.result for t in second.tasks() if t.state == "done"} == {"r"}


async def test_a_task_whose_place_in_the_queue_was_lost_has_it_again_after_a_start(
    tmp_path: Path, clock: ShiftedClock
) -> None:
    """The Coordinator died between the two writes of a submission."""
    async with open_sqlite(tmp_path / "state.db", clock) as engine:
        await (await Backlog.open(engine, clock)).submit(SNAPSHOT, LAPTOP)
        (queued,) = await engine.queue.listed(QUEUE)
        assert await engine.queue.remove(QUEUE, queued.job.id)
        assert not await claim(await Backlog.open(engine, clock), offer=replace(OFFER, kinds=()))
        assert len(await claim(await Backlog.open(engine, clock))) == 1


async def test_a_job_that_ended_before_its_place_was_given_up_is_given_to_nobody(
    tmp_path: Path, clock: ShiftedClock
) -> None:
    """The Coordinator died between the two writes of a result."""
    async with open_sqlite(tmp_path / "state.db", clock) as engine:
        backlog = await Backlog.open(engine, clock)
        await backlog.submit(SNAPSHOT, LAPTOP)
        (given,) = await claim(backlog)
        now_ms = clock.now_ms()
        await backlog.book.change(
            given.task.id, lambda kept: steps.done(kept, DRAGON.id, given.token, "r", now_ms)
        )
        clock.shift_ms += GONE_MS
        assert not await claim(backlog, SECOND)
        assert not await engine.queue.listed(QUEUE)
        assert backlog.tasks()[0].result == "r"


async def test_only_the_newest_that_ended_are_kept_and_none_that_waits_goes(
    tmp_path: Path, clock: ShiftedClock
) -> None:
    async with open_sqlite(tmp_path / "state.db", clock) as engine:
        backlog = Backlog(
            (await Backlog.open(engine, clock)).book, engine.queue, clock, ended_max=2
        )
        ids = [(await backlog.submit(TaskWish("snapshot", str(n)), LAPTOP))[0].id for n in range(6)]
        for task_id in ids[:4]:
            clock.shift_ms += 1_000
            await backlog.cancel(task_id)
        await backlog.look_after()
        assert {task.id for task in backlog.tasks()} == set(ids[2:])
        with pytest.raises(Missing):
            await backlog.book.read(ids[0])


async def test_a_caller_that_leaves_in_the_middle_of_a_claim_has_nothing(backlog: Backlog) -> None:
    waiting = asyncio.create_task(backlog.claim(DRAGON, OFFER, 1, 60))
    await asyncio.sleep(0)
    await backlog.submit(SNAPSHOT, LAPTOP)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(await claim(backlog, SECOND)) == 1
    assert backlog.tasks()[0].attempts == 1


async def test_a_waiting_worker_is_given_what_is_submitted_then(backlog: Backlog) -> None:
    async with asyncio.timeout(30):
        waiting = asyncio.create_task(backlog.claim(DRAGON, OFFER, 1, 60))
        await backlog.submit(SNAPSHOT, LAPTOP)
        assert (await waiting)[0].task.key == "k1"


async def test_whoever_watches_is_told_of_each_change_after_a_cursor(backlog: Backlog) -> None:
    first, _ = await backlog.submit(SNAPSHOT, LAPTOP)
    cursor = backlog.book.cursor
    changes = backlog.book.changes(cursor)
    second, _ = await backlog.submit(TaskWish("snapshot", "k2"), LAPTOP)
    async with asyncio.timeout(30):
        revision, task_id, kept = await anext(changes)
        assert (task_id, kept and kept.task.state) == (second.id, "waiting")
        await backlog.cancel(first.id)
        later, task_id, kept = await anext(changes)
    assert (task_id, kept and kept.task.state) == (first.id, "cancelled")
    assert cursor < revision < later
    await changes.aclose()


async def test_a_node_has_so_many_tasks_at_a_time_whatever_it_asks_for(backlog: Backlog) -> None:
    for n in range(rules.SLOTS_MAX + 2):
        await backlog.submit(TaskWish("snapshot", str(n)), LAPTOP)
    greedy = replace(OFFER, slots=50)
    assert len(await claim(backlog, offer=greedy, limit=50)) == rules.SLOTS_MAX
    assert not await claim(backlog, offer=greedy, limit=50)


async def test_so_many_tasks_wait_and_no_more(
    backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator_node.tasks.backlog.WAITING_MAX", 2)
    task, _ = await backlog.submit(SNAPSHOT, LAPTOP)
    await backlog.submit(replace(SNAPSHOT, key="k2"), LAPTOP)
    with pytest.raises(OverLimit):
        await backlog.submit(replace(SNAPSHOT, key="k3"), LAPTOP)
    await backlog.cancel(task.id)
    await backlog.submit(replace(SNAPSHOT, key="k3"), LAPTOP)
