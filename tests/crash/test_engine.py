"""kill -9 of whoever writes the Coordinator's state, or keeps it: nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from common.errors import Unavailable
from coordinator_node.engine.nats_engine import NatsEngine
from coordinator_node.engine.sqlite_engine import open_sqlite
from tests.support.engine_writer import History, write
from tests.support.nats_servers import NatsServers, nats_servers

LINES_MAX = 60
PATIENCE_S = 90.0


async def test_ten_kills_of_who_writes_a_file_lose_nothing(tmp_path: Path) -> None:
    await _file_rounds(tmp_path / "state.db", 10, seed=6)


@pytest.mark.crash
@pytest.mark.timeout(3600)
async def test_three_hundred_kills_of_who_writes_a_file_lose_nothing(tmp_path: Path) -> None:
    await _file_rounds(tmp_path / "state.db", 300, seed=7)


async def _file_rounds(path: Path, rounds: int, seed: int) -> None:
    """Each round kills one writer, or two at once, after the dice's number of its lines."""
    dice, history = random.Random(seed), History()
    for number in range(rounds):
        writers = [_writer(path, f"w{number}-{n}") for n in range(dice.choice((1, 1, 2)))]
        wanted = 1 + dice.randrange(LINES_MAX)
        for each in writers:
            assert each.stdout is not None
            for _ in range(wanted if each is writers[0] else 1):
                history.said.append(json.loads(each.stdout.readline()))
        for each in writers:
            each.kill()
        for each in writers:
            assert each.stdout is not None
            rest = each.stdout.read().splitlines(keepends=True)
            history.said.extend(json.loads(line) for line in rest if line.endswith(b"\n"))
            each.stdout.close()
            each.wait()
    async with open_sqlite(path) as engine:
        await history.check(engine)
    assert len(history.said) > rounds
    assert len({line["who"] for line in history.did("sit")}) > 1


def _writer(path: Path, who: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.engine_writer", str(path), who],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


@pytest.fixture
def three(tmp_path: Path) -> Generator[NatsServers]:
    """Three servers that keep three copies."""
    with nats_servers(tmp_path / "nats", 3) as servers:
        yield servers


@pytest.mark.timeout(600)
async def test_two_kills_of_servers_under_writes_lose_nothing(three: NatsServers) -> None:
    """The leader first; whoever has been killed comes back before the next is."""
    await _server_rounds(three, 2, seed=8)


@pytest.mark.crash
@pytest.mark.timeout(3600)
async def test_thirty_kills_of_servers_under_writes_lose_nothing(three: NatsServers) -> None:
    await _server_rounds(three, 30, seed=9)


async def _server_rounds(servers: NatsServers, rounds: int, seed: int) -> None:
    dice, history, gaps = random.Random(seed), History(), [time.monotonic()]
    space, longest = await servers.space(), 0.0
    async with _writing(servers, space, history, gaps):
        for number in range(rounds):
            await _more(history, 20 + dice.randrange(20))
            async with servers.engine(space) as engine:
                leader = await _leader(engine)
            others = [n for n in range(3) if f"s{n}" != leader]
            victim = dice.choice(others) if number % 2 else int(leader[1:])
            servers.kill(victim)
            begun = time.monotonic()
            await _more(history, 20)
            longest = max(longest, *(b - a for a, b in _pairs(gaps) if b >= begun), 0.0)
            servers.start(victim)
            async with servers.engine(space) as engine:
                await _all_current(engine)
    async with servers.engine(space) as engine:
        await history.check(engine)
    print(f"{len(history.said)} acknowledged, longest wait {longest:.1f} s in {rounds} kills")


@asynccontextmanager
async def _writing(
    servers: NatsServers, space: str, history: History, gaps: list[float]
) -> AsyncGenerator[None]:
    """Two clients that write until the block ends. A write of which nothing is known is left."""

    def say(line: dict[str, object]) -> None:
        history.said.append(line)
        gaps.append(time.monotonic())

    # Not by cancelling alone: a client's wait_for may pass over that in the moment of an answer.
    ended = asyncio.Event()

    async def run(who: str) -> None:
        async with servers.engine(space, patience_s=PATIENCE_S) as engine:
            for number in itertools.count():
                if ended.is_set():
                    return
                try:
                    await write(engine, who, number, say)
                except Unavailable:
                    continue

    tasks = [asyncio.create_task(run(who)) for who in ("a", "b")]
    try:
        yield
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        ended.set()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_minority_never_acknowledges(three: NatsServers) -> None:
    """And works again as soon as most servers are there, with all that was there before."""
    space = await three.space()
    async with three.engine(space) as engine:
        await engine.kv.put("before", b"1")
        await _all_current(engine)
    three.kill(0)
    three.kill(1)
    async with _lonely(three, space) as engine:
        with pytest.raises(Unavailable, match="did not agree"):
            await engine.kv.put("one", b"", expected=0)
        with pytest.raises(Unavailable):
            await engine.leases.acquire("seat", "me", 60)
        three.start(0)
        await _works(engine)
        kept = await engine.kv.get("before")
        assert kept is not None
        assert kept.value == b"1"


@asynccontextmanager
async def _lonely(servers: NatsServers, space: str) -> AsyncGenerator[NatsEngine]:
    """A client of the one server that is left: it knows the place, so it is not asked for it."""
    from coordinator_node.engine.jetstream.link import open_link

    async with open_link(servers.urls, servers.tls, patience_s=6.0) as link:
        yield NatsEngine(link, space, 3)


async def _works(engine: NatsEngine) -> None:
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            await engine.kv.put("after", b"")
            return
        except Unavailable:
            assert time.monotonic() < end, "most servers are there, and none leads"


async def _more(history: History, lines: int) -> None:
    wanted, end = len(history.said) + lines, time.monotonic() + PATIENCE_S
    while len(history.said) < wanted:
        assert time.monotonic() < end, f"{len(history.said)} of {wanted}"
        await asyncio.sleep(0.02)


async def _leader(engine: NatsEngine) -> str:
    return next(name for name, leads in (await engine.moving.cluster()).items() if leads)


async def _all_current(engine: NatsEngine) -> None:
    end = time.monotonic() + PATIENCE_S
    while len(await engine.moving.cluster()) < 3:
        assert time.monotonic() < end, "a server did not come back"
        await asyncio.sleep(0.1)


def _pairs(moments: list[float]) -> list[tuple[float, float]]:
    return list(itertools.pairwise(moments))
