"""Dragons of one lake in this process: real lakes, a real engine, and a wire that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from common.alongside import alongside
from common.clients.replica import Told
from common.errors import PostDevAIError, Unavailable
from common.model.ids import NodeId
from common.model.node import Node
from common.model.replica import JournalReach, JournalRows, LakeLead
from coordinator_node.registry.leads import Leads
from dragon_node.lake.lake import Lake
from dragon_node.lake.lead import Lead
from dragon_node.lake.replication import Reach
from dragon_node.replica.following import Followed, messages, reach_of, reach_told
from dragon_node.replica.kept import Kept, ReplicaFile
from dragon_node.replica.leading import Told as LeaderTold
from dragon_node.replica.succession import Succession, following
from tests.support.lake import opened


@dataclass
class Network:
    """Who can be reached, and who has a lease."""

    leads: Leads
    dragons: dict[NodeId, Dragon] = field(default_factory=dict["NodeId", "Dragon"])
    live: set[NodeId] = field(default_factory=set[NodeId])
    coordinator_is_away: bool = False

    def nodes(self) -> tuple[Node, ...]:
        return tuple(Node("dragon", each, "", "serving", 3.0) for each in sorted(self.live))

    def cut(self, node: NodeId) -> None:
        """Neither the Coordinator nor another Dragon hears it."""
        self.live.discard(node)
        dragon = self.dragons.pop(node)
        dragon.cut.set()


class AsCaller:
    """The Coordinator, as one Dragon asks it."""

    def __init__(self, network: Network, caller: NodeId) -> None:
        self._network = network
        self._caller = caller

    def _asked(self) -> Leads:
        if self._network.coordinator_is_away or self._caller not in self._network.live:
            raise Unavailable("the Coordinator does not answer")
        return self._network.leads

    async def lead(self, lake: str) -> LakeLead:
        return await self._asked().lead(lake, self._caller)

    async def set_followers(self, lake: str, epoch: int, followers: Sequence[NodeId]) -> LakeLead:
        return await self._asked().set_followers(lake, self._caller, epoch, followers)

    async def get(self, lake: str) -> LakeLead:
        return await self._asked().get(lake)


@dataclass
class Dragon:
    """One of them."""

    id: NodeId
    lake: Lake
    lead: Lead
    succession: Succession
    offered: list[bool]
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    carriers: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    """Streams that it tells; they end before its lake does, as a server's do."""

    async def stop_telling(self) -> None:
        for carrier in self.carriers:
            carrier.cancel()
        await asyncio.gather(*self.carriers, return_exceptions=True)


class _Wire:
    """A leader's stream without gRPC."""

    def __init__(
        self,
        welcome: JournalReach,
        told: asyncio.Queue[Told | PostDevAIError | None],
        written: asyncio.Queue[int],
    ) -> None:
        self.welcome = welcome
        self._told = told
        self._written = written

    async def next(self) -> Told:
        try:
            async with asyncio.timeout(5):
                told = await self._told.get()
        except TimeoutError:
            raise Unavailable("the leader is silent") from None
        if told is None:
            raise Unavailable("the leader has closed the stream")
        if isinstance(told, PostDevAIError):
            raise told
        return told

    async def written(self, lsn: int) -> None:
        self._written.put_nowait(lsn)


@asynccontextmanager
async def open_dragon(
    network: Network, name: str, directory: Path, kept: Kept | None = None
) -> AsyncGenerator[Dragon]:
    """A Dragon that is up; `kept` is what it knew when it was stopped."""
    own = NodeId(name)
    lead = Lead(following(kept, own))
    offered: list[bool] = []

    async def offer(leads: bool) -> None:
        offered.append(leads)

    async def is_gone(node: NodeId) -> bool:
        return node not in network.live

    @asynccontextmanager
    async def follow(leader: NodeId, reach: JournalReach) -> AsyncGenerator[Followed]:
        async with _followed(network, own, leader, reach) as stream:
            yield stream

    async with AsyncExitStack() as stack:
        lake = await stack.enter_async_context(opened(directory, lead=lead))
        succession = Succession(
            own,
            lake.replication,
            lead,
            AsCaller(network, own),
            follow,
            is_gone,
            offer,
            lake.wait_applied,
            ReplicaFile(directory),
            kept,
        )
        dragon = network.dragons[own] = Dragon(own, lake, lead, succession, offered)
        network.live.add(own)
        await stack.enter_async_context(alongside(succession.run()))
        try:
            yield dragon
        finally:
            dragon.cut.set()
            await dragon.stop_telling()
            network.live.discard(own)
            network.dragons.pop(own, None)


@asynccontextmanager
async def _followed(
    network: Network, own: NodeId, leader: NodeId, reach: JournalReach
) -> AsyncGenerator[_Wire]:
    here, there = network.dragons.get(own), network.dragons.get(leader)
    if here is None or there is None:
        raise Unavailable(f"{leader} cannot be reached")
    told: asyncio.Queue[Told | PostDevAIError | None] = asyncio.Queue()
    written: asyncio.Queue[int] = asyncio.Queue()
    served = there.succession.leading.serve(own, reach_of(reach), _heard(written))
    async with aclosing(served) as parts:
        first = await anext(parts)
        assert isinstance(first, Reach)

        async def carry() -> None:
            try:
                async for part in parts:
                    if here.cut.is_set() or there.cut.is_set():
                        break
                    for each in _carried(part):
                        told.put_nowait(each)
            except PostDevAIError as error:
                told.put_nowait(error)

        carrier = asyncio.create_task(carry())
        there.carriers.add(carrier)
        carrier.add_done_callback(lambda _: told.put_nowait(None))
        try:
            yield _Wire(reach_told(first), told, written)
        finally:
            there.carriers.discard(carrier)
            carrier.cancel()
            await asyncio.gather(carrier, return_exceptions=True)


async def _heard(written: asyncio.Queue[int]) -> AsyncIterator[int]:
    while True:
        yield await written.get()


def _carried(part: LeaderTold) -> list[Told]:
    match part:
        case int():
            return [part]
        case Reach():
            raise AssertionError("welcome comes once")
        case _:
            rows: list[Told] = []
            rows += list[JournalRows](messages(part))
            return rows
