"""A client of the engine's servers on a machine of its own; it says a line of JSON at a time.

python -m tests.support.nats_client make|write|cluster|check TLS SPACE WHO SERVER ...

make      the space, once a majority of the servers agrees
write     through all ports, endlessly: what was acknowledged
cluster   the servers whose copy is current, and which leads
check     the lines on stdin against what the servers hold: what is wrong
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from common.errors import Conflict, Unavailable
from coordinator_node.engine.jetstream.link import open_link
from coordinator_node.engine.jetstream.space import make_space
from coordinator_node.engine.nats_engine import NatsEngine, open_nats
from coordinator_node.engine.ports import Engine
from tests.support.engine_writer import History, Say, sit, write

PATIENCE_S = 6.0
SEAT_S = 2.0
COUNTER = "counter"


@asynccontextmanager
async def _engine(tls: Path, space: str, servers: tuple[str, ...]) -> AsyncGenerator[NatsEngine]:
    """Asked for again while no majority is there."""
    while True:
        with contextlib.suppress(Unavailable):
            async with open_nats(servers, tls, space, replicas=3, patience_s=PATIENCE_S) as engine:
                yield engine
                return


async def _make(tls: Path, space: str, servers: tuple[str, ...]) -> None:
    while True:
        with contextlib.suppress(Unavailable):
            async with open_link(servers, tls, patience_s=PATIENCE_S) as link:
                await make_space(link, space, replicas=3)
                return


async def _write(engine: Engine, who: str) -> None:
    """Until it is killed. A write of which nothing is known is left."""
    for number in itertools.count():
        try:
            await write(engine, who, number, _say)
            await _count(engine, who)
            await sit(engine, who, SEAT_S, _say)
        except Unavailable:
            continue


async def _count(engine: Engine, who: str) -> None:
    """One more, over the number that was read."""
    entry = await engine.kv.get(COUNTER)
    number, expected = (int(entry.value), entry.revision) if entry else (0, 0)
    try:
        revision = await engine.kv.put(COUNTER, b"%d" % (number + 1), expected=expected)
    except Conflict:
        return
    _say({"did": "count", "who": who, "to": number + 1, "revision": revision})


async def wrong(engine: Engine, said: list[dict[str, Any]]) -> list[str]:
    """What of all clients' lines does not hold."""
    try:
        await History(said).check(engine)
    except AssertionError as error:
        return [f"not as it was acknowledged: {error}"]
    found: list[str] = []
    counts = [line for line in said if line["did"] == "count"]
    numbers = [line["to"] for line in counts]
    if len(set(numbers)) < len(numbers):
        found.append(f"one number was counted twice: {sorted(numbers)}")
    by_revision = [line["to"] for line in sorted(counts, key=lambda line: line["revision"])]
    if by_revision != sorted(numbers):
        found.append("the counter went back")
    entry = await engine.kv.get(COUNTER)
    if counts and (entry is None or int(entry.value) < max(numbers)):
        found.append(f"{max(numbers)} was counted, and {entry} is there")
    return found


async def main(what: str, tls: Path, space: str, who: str, servers: tuple[str, ...]) -> None:
    """One of the four."""
    if what == "make":
        return await _make(tls, space, servers)
    async with _engine(tls, space, servers) as engine:
        match what:
            case "write":
                await _write(engine, who)
            case "cluster":
                _say(dict(await engine.moving.cluster()))
            case _:
                said = [json.loads(line) for line in sys.stdin]
                _say({"wrong": await wrong(engine, said)})


_say: Say = lambda line: print(json.dumps(line), flush=True)  # noqa: E731


if __name__ == "__main__":
    _, _what, _tls, _space, _who, *_servers = sys.argv
    asyncio.run(main(_what, Path(_tls), _space, _who, tuple(_servers)))
