"""How long writes and new work wait when the machine of the engine's leader dies.

`python -m scripts.bench election` writes its section. Three Coordinators, each with a nats-server
of its own, as `docs/engine.md` has them made.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from common.errors import Unavailable
from coordinator_node.engine.nats_engine import NatsEngine, open_nats
from coordinator_node.engine.settings import read_settings
from coordinator_node.opening import tls_of
from scripts.bench.report import Figure, median
from tests.support.three_machines import NAMES, Machine, three_machines

ROUNDS = 5
LOOK_S = 0.02
ASKED_AGAIN_S = 0.1
PATIENCE_S = 60.0

Three = tuple[Machine, Machine, Machine]


def measure() -> list[Figure]:
    """The leader's machine dies five times, and comes back each time."""
    with (
        TemporaryDirectory(prefix="postdevai-bench-election-") as scratch,
        three_machines(Path(scratch)) as three,
    ):
        return asyncio.run(_measured(three))


async def _measured(three: Three) -> list[Figure]:
    found = [await _round(three, turn) for turn in range(ROUNDS)]
    seen = (
        f"until a server that lives names another, asked each {ASKED_AGAIN_S * 1000:.0f} ms",
        "until a write that was begun at once, by a server that lives, is acknowledged",
        "until a node that asks another Coordinator at once has its code and its certificate",
    )
    names = ("another leader is elected", "a write waits", "a new node waits")
    how = f"{ROUNDS} times: SIGKILL of the leading server and of its Coordinator"
    return [
        Figure(
            name,
            f"median {median(took):.2f} s, worst {max(took):.2f} s",
            "reported",
            f"{how}, {until}",
        )
        for name, took, until in zip(names, zip(*found, strict=True), seen, strict=True)
    ]


async def _round(three: Three, turn: int) -> tuple[float, float, float]:
    said = await asyncio.to_thread(three[0].engine)
    at = NAMES.index(said["leader"])
    dies, lives = three[at], three[at - 1]
    async with _engine(lives, NAMES[at]) as engine:
        began = time.monotonic()
        await asyncio.to_thread(dies.send, signal.SIGKILL, with_server=True)
        ends = await asyncio.gather(
            _until(lambda: _elected(engine, NAMES[at])),
            _until(lambda: engine.kv.put(f"bench/{turn}", b"1")),
            _until(lambda: lives.mesh.join("developer", f"late{turn}")),
        )
    await asyncio.to_thread(dies.up)
    await asyncio.to_thread(lives.wait_for_copies)
    elected, written, let_in = (end - began for end in ends)
    return elected, written, let_in


@asynccontextmanager
async def _engine(machine: Machine, dies: str) -> AsyncGenerator[NatsEngine]:
    """By way of its own server."""
    directory = machine.place.directory("coordinator")
    nats = read_settings(directory).nats
    assert nats is not None
    assert nats.own is not None
    assert nats.own.name != dies
    own = (f"tls://{nats.own.host}:{nats.own.port}",)
    async with open_nats(own, tls_of(nats, directory), nats.space, replicas=3) as engine:
        yield engine


async def _elected(engine: NatsEngine, dead: str) -> None:
    """Asked anew soon: what is asked while nobody leads is not answered later either."""
    leaders: list[str] = []
    while leaders in ([], [dead]):
        await asyncio.sleep(LOOK_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASKED_AGAIN_S):
                said = await engine.moving.cluster()
                leaders = [name for name, leads in said.items() if leads]


async def _until(ask: Callable[[], Awaitable[object]]) -> float:
    """When it was done; asked again while the servers do not agree."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(Unavailable):
                await ask()
                return time.monotonic()
            await asyncio.sleep(LOOK_S)
