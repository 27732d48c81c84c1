"""Tasks: submitted, claimed and done a second on both engines; how soon a dead worker's is given
out again."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from common.alongside import alongside
from common.clock import SystemClock
from common.model.ids import NodeId
from common.model.node import Identity
from common.model.task import Offer, TaskWish
from coordinator_node.engine.ports import Engine
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.tasks.backlog import VISIBLE_S, Backlog
from scripts.bench.report import Figure, quantile
from tests.support.nats_servers import nats_servers

TASKS, WORKERS, SLOTS = 400, 4, 4
DEAD = 8
LAPTOP = Identity("m", "developer", NodeId("1" * 16))


def measure(tasks: int = TASKS, dead: int = DEAD) -> list[Figure]:
    """A real disk and a real server; one process, without gRPC."""
    return asyncio.run(_measure(tasks, dead))


async def _measure(tasks: int, dead: int) -> list[Figure]:
    figures: list[Figure] = []
    for name, opened in (("SQLite", _sqlite), ("NATS, one server", _nats)):
        for measured in (_rate, _redelivery):
            async with opened() as engine:
                count = tasks if measured is _rate else dead
                figures.append(await measured(name, engine, count))
    return figures


async def _rate(name: str, engine: Engine, tasks: int) -> Figure:
    backlog = await Backlog.open(engine, SystemClock())

    async def submit(first: int) -> None:
        for n in range(first, tasks, WORKERS):
            await backlog.submit(TaskWish("snapshot", str(n)), LAPTOP)

    async def work(number: int) -> None:
        who = Identity("m", "dragon", NodeId(f"{number:016x}"))
        offer = Offer(("snapshot",), slots=SLOTS, life="1")
        while given := await backlog.claim(who, offer, SLOTS, 0):
            for each in given:
                await backlog.complete(who.id, each.task.id, each.token, "")

    async with alongside(backlog.keep()):
        submitted_s = await _timed(submit)
        worked_s = await _timed(work)
    assert sum(task.state == "done" for task in backlog.tasks()) == tasks
    value = f"{tasks / (submitted_s + worked_s):,.0f}/s"
    parts = f"submit {tasks / submitted_s:,.0f}/s, claim and done {tasks / worked_s:,.0f}/s"
    method = f"{tasks} tasks, {WORKERS} submitters, then {WORKERS} workers of {SLOTS}; {parts}"
    return Figure(f"submit + claim + ack, {name}", value, "", method)


async def _redelivery(name: str, engine: Engine, dead: int) -> Figure:
    """Workers that claim one each and are never heard again; one that asks beside them."""
    backlog = await Backlog.open(engine, SystemClock())
    offer = Offer(("snapshot",), slots=8, life="1")
    claimed: dict[str, float] = {}
    for n in range(dead):
        await backlog.submit(TaskWish("snapshot", str(n)), LAPTOP)
        who = Identity("m", "dragon", NodeId(f"{n:016x}"))
        (given,) = await backlog.claim(who, offer, 1, 5)
        claimed[given.task.id] = time.monotonic()
        await asyncio.sleep(0.13)
    second = Identity("m", "dragon", NodeId("f" * 16))
    waits: list[float] = []
    async with alongside(backlog.keep()):
        while len(waits) < dead:
            for each in await backlog.claim(second, offer, 1, 30):
                waits.append(time.monotonic() - claimed[each.task.id])
                await backlog.complete(second.id, each.task.id, each.token, "")
    value = f"{quantile(waits, 0.5):.1f} s, at most {max(waits):.1f} s"
    method = f"{dead} claims that nobody extends, to the claim of another"
    against = f"a claim lasts {VISIBLE_S:g} s"
    return Figure(f"redelivery after a dead worker, {name}", value, against, method)


async def _timed(work: Callable[[int], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(work(n) for n in range(WORKERS)))
    return time.perf_counter() - began


@asynccontextmanager
async def _sqlite() -> AsyncGenerator[Engine]:
    with _directory() as directory:
        async with open_sqlite(directory / "state.db") as engine:
            yield engine


@asynccontextmanager
async def _nats() -> AsyncGenerator[Engine]:
    async with AsyncExitStack() as stack:
        servers = stack.enter_context(nats_servers(stack.enter_context(_directory()), 1))
        yield await stack.enter_async_context(servers.engine(await servers.space()))


@contextmanager
def _directory() -> Generator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)
