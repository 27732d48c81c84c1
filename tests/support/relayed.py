"""A Coordinator that relays, a node that takes sealed calls, and a caller: real TLS on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from grpc.aio import Channel, Server, ServicerContext

from common.errors import Missing
from common.model.ids import NodeId
from common.model.node import Node
from common.pb.postdevai.v1 import lake_service_pb2 as lake
from common.rpc.channel import Channels, open_channel
from common.rpc.guard import Guard
from common.rpc.limits import Allowance
from common.rpc.peers import peer_identity
from common.rpc.reaching import Reaching
from common.rpc.sealed.caller import Caller
from common.rpc.sealed.channel import SealedChannel
from common.rpc.sealed.sessions import Sessions
from common.rpc.server import open_server
from coordinator_node.gateway.authority import Authority
from coordinator_node.relay.turns import Most
from coordinator_node.service_relay import RelayService
from tests.support.small_mesh import Own, ShiftedClock, forged

LAKE = "/postdevai.v1.LakeService/"
Context = ServicerContext[Any, Any]


@dataclass
class Kinds:
    """A service with all four kinds of call, under methods that laptops may call."""

    callers: list[str] = field(default_factory=list[str])
    left_s: list[float | None] = field(default_factory=list[float | None])
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    chunk: bytes = b""
    chunk_count: int = 0

    async def unary(self, request: lake.StatsRequest, context: Context) -> lake.StatsResponse:
        self.callers.append(peer_identity(context).uri)
        self.left_s.append(context.time_remaining())
        return lake.StatsResponse(lsn=len(self.callers))

    async def refuses(self, request: lake.GetBlobRequest, context: Context) -> lake.GetBlobResponse:
        raise Missing(f"no content {request.hash}", hint="look elsewhere", field="hash")

    async def answers(
        self, request: lake.HistoryRequest, context: Context
    ) -> AsyncIterator[lake.HistoryResponse]:
        for _ in range(3):
            yield lake.HistoryResponse()

    async def forever(
        self, request: lake.SnapshotRequest, context: Context
    ) -> AsyncIterator[lake.SnapshotResponse]:
        try:
            yield lake.SnapshotResponse()
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()

    async def chunks(
        self, request: lake.VerifyRequest, context: Context
    ) -> AsyncIterator[lake.GetBlobResponse]:
        for _ in range(self.chunk_count):
            yield lake.GetBlobResponse(data=self.chunk)

    async def requests(
        self, requests: AsyncIterator[lake.GetBlobResponse], context: Context
    ) -> lake.GetBlobResponse:
        return lake.GetBlobResponse(data=b"".join([each.data async for each in requests]))

    async def both(
        self, requests: AsyncIterator[lake.GetBlobResponse], context: Context
    ) -> AsyncIterator[lake.GetBlobResponse]:
        async for each in requests:
            yield lake.GetBlobResponse(data=each.data.upper())

    def add_to(self, server: Server) -> None:
        blob, out = lake.GetBlobResponse.FromString, lake.GetBlobResponse.SerializeToString
        handlers: dict[str, Any] = {
            "Stats": grpc.unary_unary_rpc_method_handler(
                self.unary,
                lake.StatsRequest.FromString,
                lake.StatsResponse.SerializeToString,
            ),
            "GetBlob": grpc.unary_unary_rpc_method_handler(
                self.refuses,
                lake.GetBlobRequest.FromString,
                out,
            ),
            "History": grpc.unary_stream_rpc_method_handler(
                self.answers,
                lake.HistoryRequest.FromString,
                lake.HistoryResponse.SerializeToString,
            ),
            "Snapshot": grpc.unary_stream_rpc_method_handler(
                self.forever,
                lake.SnapshotRequest.FromString,
                lake.SnapshotResponse.SerializeToString,
            ),
            "Verify": grpc.unary_stream_rpc_method_handler(
                self.chunks, lake.VerifyRequest.FromString, out
            ),
            "Kept": grpc.stream_unary_rpc_method_handler(self.requests, blob, out),
            "Ingest": grpc.stream_stream_rpc_method_handler(self.both, blob, out),
        }
        server.add_registered_method_handlers("postdevai.v1.LakeService", handlers)  # pyright: ignore[reportAttributeAccessIssue]


@dataclass
class Relayed:
    """The three, and what a test changes about them."""

    clock: ShiftedClock
    authority: Authority
    coordinator: Own
    dragon: Own
    laptop: Own
    kinds: Kinds
    sessions: Sessions
    sealing_key: X25519PrivateKey
    dragon_address: str
    nodes: list[Node]
    denied: set[NodeId]
    relay: RelayService
    address: str
    carrier: Channel

    def channel(self, own: Own | None = None, carrier: Channel | None = None) -> SealedChannel:
        """A sealed channel of the laptop's to the Dragon."""
        caller = Caller(
            carrier or self.carrier,
            own or self.laptop,
            self.dragon.identity.uri,
            self.sealing_key.public_key(),
            self.clock,
        )
        return SealedChannel(caller)


@asynccontextmanager
async def open_relayed(
    root: Path,
    *,
    most: Most | None = None,
    allowed: dict[str, Allowance] | None = None,
    wrapped: Callable[[RelayService], Any] = lambda relay: relay,
) -> AsyncGenerator[Relayed]:
    """All of it, on loopback, until the block ends."""
    clock = ShiftedClock()
    authority = Authority.make(root / "authority", clock)
    coordinator = forged(authority, "coordinator")
    dragon, laptop = forged(authority, "dragon"), forged(authority, "developer")
    kinds, denied = Kinds(), set[NodeId]()
    key = X25519PrivateKey.generate()
    sessions = Sessions(dragon, lambda: key, clock)
    guard = Guard(mesh=authority.mesh, denied=lambda: frozenset(denied), clock=clock)
    node_server, port = await open_server(
        "127.0.0.1", 0, dragon, kinds.add_to, guard, reflection=False, sealed=sessions
    )
    address = f"127.0.0.1:{port}"
    nodes = [Node("dragon", dragon.identity.id, address, "serving", 3.0)]
    channels = Channels(coordinator, clock)
    relay = RelayService(
        coordinator.identity,
        lambda: tuple(nodes),
        Reaching(channels),
        Guard(mesh=authority.mesh, clock=clock),
        clock,
        most=most,
        allowed=allowed,
    )
    relay_server, relay_port = await open_server(
        "127.0.0.1",
        0,
        coordinator,
        lambda server: server.add_generic_rpc_handlers((wrapped(relay),)),
        Guard(mesh=authority.mesh, clock=clock),
        reflection=False,
    )
    at = f"127.0.0.1:{relay_port}"
    carrier = open_channel(at, coordinator.identity.uri, laptop)
    try:
        yield Relayed(
            clock,
            authority,
            coordinator,
            dragon,
            laptop,
            kinds,
            sessions,
            key,
            address,
            nodes,
            denied,
            relay,
            at,
            carrier,
        )
    finally:
        await carrier.close()
        await channels.close()
        await relay_server.stop(0)
        await node_server.stop(0)
