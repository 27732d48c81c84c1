"""The engine's ports over SQLite, one nats-server and three: writes, reads and lines a second."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from coordinator_node.engine.ports import Engine
from coordinator_node.engine.sqlite_engine import open_sqlite
from scripts.bench.report import Figure, median
from tests.support.nats_servers import nats_servers

ROUNDS, WRITES, AT_ONCE = 3, 200, 16
VALUE = bytes(range(200))
Timed = Callable[[Engine, int, int], Awaitable[None]]


async def _put(engine: Engine, turn: int, n: int) -> None:
    await engine.kv.put(f"bench/{turn}-{n}", VALUE, expected=0)


async def _get(engine: Engine, turn: int, n: int) -> None:
    assert await engine.kv.get(f"bench/{turn}-{n}") is not None


async def _append(engine: Engine, turn: int, n: int) -> None:
    await engine.log.append(f"bench{turn}", f"{turn}-{n}", VALUE)


KINDS: dict[str, tuple[Timed, int]] = {
    "compare-and-set": (_put, 1),
    f"the same, {AT_ONCE} at once": (_put, AT_ONCE),
    "read": (_get, 1),
    "line of a log": (_append, 1),
}


def measure(rounds: int = ROUNDS, writes: int = WRITES) -> list[Figure]:
    """Engines take turns, each on the same disk, its servers on this machine."""
    return asyncio.run(_measure(rounds, writes))


async def _measure(rounds: int, writes: int) -> list[Figure]:
    figures: list[Figure] = []
    found: dict[str, dict[str, list[float]]] = {}
    async with _sqlite() as one, _nats(1) as two, _nats(3) as three:
        engines = {"SQLite": one, "NATS, one server": two, "NATS, three": three}
        for turn in range(rounds):
            for name, engine in engines.items():
                for at, (kind, (work, at_once)) in enumerate(KINDS.items()):
                    offset = 0 if work is _get else at * writes
                    took = await _took(engine, work, turn, offset, writes, at_once)
                    found.setdefault(kind, {}).setdefault(name, []).append(writes / took)
    for kind, by_engine in found.items():
        said = "; ".join(f"{name} {median(rates):,.0f}/s" for name, rates in by_engine.items())
        method = (
            f"median of {rounds} interleaved rounds of {writes}, values of {len(VALUE)} bytes; "
            "SQLite synchronous=FULL, NATS sync_interval always, TLS, three copies where there "
            "are three servers; one process, one disk"
        )
        figures.append(Figure(kind, said, "", method))
    return figures


async def _took(
    engine: Engine, work: Timed, turn: int, offset: int, count: int, at_once: int
) -> float:
    async def some(first: int) -> None:
        for n in range(first, count, at_once):
            await work(engine, turn, offset + n)

    began = time.perf_counter()
    await asyncio.gather(*(some(first) for first in range(at_once)))
    return time.perf_counter() - began


@asynccontextmanager
async def _sqlite() -> AsyncGenerator[Engine]:
    with tempfile.TemporaryDirectory() as directory:
        async with open_sqlite(Path(directory) / "state.db") as engine:
            yield engine


@asynccontextmanager
async def _nats(count: int) -> AsyncGenerator[Engine]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = stack.enter_context(nats_servers(directory, count))
        async with servers.engine(await servers.space()) as engine:
            yield engine
