"""Two Coordinators with one backlog, over a real nats-server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from common.alongside import alongside
from common.clock import SystemClock
from common.errors import Conflict
from common.model.ids import NodeId
from common.model.node import Identity
from common.model.task import Offer, TaskWish
from coordinator_node.tasks.backlog import Backlog
from tests.support.nats_servers import NatsServers, nats_servers

PATIENCE_S = 60.0
LAPTOP = Identity("m", "developer", NodeId("l1"))
DRAGON = Identity("m", "dragon", NodeId("d1"))
OFFER = Offer(("snapshot",), slots=8, life="1")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServers]:
    with nats_servers(tmp_path_factory.mktemp("nats"), 1) as started:
        yield started


@pytest_asyncio.fixture
async def two(servers: NatsServers) -> AsyncGenerator[tuple[Backlog, Backlog]]:
    """Each with a connection of its own."""
    space = await servers.space()
    async with AsyncExitStack() as stack:
        made: list[Backlog] = []
        for _ in range(2):
            engine = await stack.enter_async_context(servers.engine(space))
            backlog = await Backlog.open(engine, SystemClock())
            await stack.enter_async_context(alongside(backlog.keep()))
            made.append(backlog)
        yield made[0], made[1]


async def test_what_one_coordinator_is_told_counts_at_the_other(
    two: tuple[Backlog, Backlog],
) -> None:
    here, there = two
    task, _ = await here.submit(TaskWish("snapshot", "k"), LAPTOP)
    assert await there.submit(TaskWish("snapshot", "k"), LAPTOP) == (task, False)
    async with asyncio.timeout(PATIENCE_S):
        (given,) = await there.claim(DRAGON, OFFER, 1, 30)
    assert await here.progress(DRAGON.id, task.id, given.token, 0.5, "half") == (
        False,
        pytest.approx(given.ends_ms, abs=PATIENCE_S * 1000),
    )
    assert (await there.cancel(task.id)).cancelling
    assert (await here.progress(DRAGON.id, task.id, given.token, 0.6, ""))[0]
    await here.complete(DRAGON.id, task.id, given.token, "r")
    with pytest.raises(Conflict):
        await there.progress(DRAGON.id, task.id, given.token, 0.7, "")
    assert (await there.book.read(task.id)).task.result == "r"


async def test_whoever_watches_at_one_coordinator_sees_what_the_other_is_told(
    two: tuple[Backlog, Backlog],
) -> None:
    here, there = two
    changes = here.book.changes(here.book.cursor)
    await there.submit(TaskWish("snapshot", "k"), LAPTOP)
    async with asyncio.timeout(PATIENCE_S):
        _, _, kept = await anext(changes)
    assert kept is not None and kept.task.key == "k"
    await changes.aclose()


async def test_each_task_is_given_once_however_many_ask_at_both(
    two: tuple[Backlog, Backlog],
) -> None:
    for n in range(8):
        await two[n % 2].submit(TaskWish("snapshot", str(n)), LAPTOP)
    workers = [Identity("m", "dragon", NodeId(f"d{n}")) for n in range(4)]
    claims = (two[n % 2].claim(worker, OFFER, 8, 0) for n, worker in enumerate(workers))
    found = [each for given in await asyncio.gather(*claims) for each in given]
    ids = [each.task.id for each in found]
    assert len(ids) == len(set(ids))
    for worker in workers:
        ids += [each.task.id for each in await two[0].claim(worker, OFFER, 8, 0)]
    assert len(ids) == len(set(ids)) == 8
