"""Shared state over NATS JetStream: two Coordinators, each with a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from dataclasses import replace

import pytest

from common.clock import SystemClock
from common.errors import Conflict
from common.model.ids import NodeId
from common.model.shared import Dot, Name, SharedSession
from common.shared.merging import written
from common.shared.stamps import Stamps
from common.shared.state import State
from common.wire.shared import delta_to_bytes
from coordinator_node.engine.ports import Engine
from coordinator_node.sync import kept
from coordinator_node.sync.documents import Documents
from coordinator_node.sync.sessions import Sessions
from tests.support.nats_servers import NatsServers, nats_servers

CLOCK = SystemClock()
SCOPE = "github.com/ada/thing"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[NatsServers]:
    with nats_servers(tmp_path_factory.mktemp("nats"), 1) as started:
        yield started


@pytest.fixture
async def engines(servers: NatsServers) -> AsyncGenerator[tuple[Engine, Engine]]:
    space = await servers.space()
    async with servers.engine(space) as one, servers.engine(space) as other:
        yield one, other


async def put(documents: Documents, replica: str, key: str, value: bytes = b"v") -> State:
    """A laptop that knew nothing edits, tells it, and hears the rest."""
    state, me = State(), NodeId(replica * 16)
    name = Name("setting", SCOPE, key)
    state.put(written(name, Dot(Stamps().next(CLOCK.now_ms()), me), value, None))
    sent = delta_to_bytes(state.lacking({}, 1 << 20))
    while True:
        told = await documents.exchange(sent, state.vector, CLOCK.now_ms(), 30.0)
        state.merge(told.delta)
        if not told.delta.more:
            return state
        sent = b""


async def test_two_coordinators_that_race_both_succeed(engines: tuple[Engine, Engine]) -> None:
    documents = [Documents(engine, CLOCK) for engine in engines]
    await asyncio.gather(*(put(documents[n % 2], r, r) for n, r in enumerate("abcdef")))
    for each in documents:
        assert {name.key for name in (await put(each, "a", "a")).entries} == set("abcdef")


async def test_a_picture_is_read_by_the_other_one(engines: tuple[Engine, Engine]) -> None:
    busy, idle = Documents(engines[0], CLOCK, lines_max=20), Documents(engines[1], CLOCK)
    await put(idle, "b", "first", b"x" * 100)
    for n in range(kept.TAIL_LINES + 30):
        await put(busy, "a", f"k{n % 10}")
    assert (await engines[0].log.read(kept.LOG, 0, 1))[0].seq > 1
    heard = await put(idle, "c", "last")
    assert {name.key for name in heard.entries} == {"first", "last", *(f"k{n}" for n in range(10))}


async def test_after_a_hand_over_the_old_writer_is_refused(engines: tuple[Engine, Engine]) -> None:
    desk, sofa = (Sessions(engine, CLOCK) for engine in engines)
    a, b = NodeId("a" * 16), NodeId("b" * 16)
    old = SharedSession(SCOPE, epoch=(await desk.take(SCOPE, a)).epoch, machine="desk")
    await desk.append(old, a)
    new = replace(old, epoch=(await sofa.take(SCOPE, b, hand_over=True)).epoch, machine="sofa")
    with pytest.raises(Conflict):
        await desk.append(old, a)
    await sofa.append(new, b)
    assert [each.machine for each in await desk.read(SCOPE, 0)] == ["desk", "sofa"]
    assert [each.machine for each in await desk.newest()] == ["sofa"]
