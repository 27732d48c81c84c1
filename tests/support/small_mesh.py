"""A Coordinator in this process, nodes that enrol with it, and a Dragon that only counts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc.aio import Channel, Metadata, ServicerContext

from common.clients.membership import Membership
from common.clock import SystemClock
from common.daemon.home import Home
from common.daemon.ports import Ports
from common.model.node import Capability, Identity, Role
from common.pb.postdevai.v1.lake_service_pb2 import (
    IngestRequest,
    IngestResponse,
    StatsRequest,
    StatsResponse,
)
from common.pb.postdevai.v1.lake_service_pb2_grpc import (
    LakeServiceServicer,
    LakeServiceStub,
    add_LakeServiceServicer_to_server,
)
from common.rpc.certificates import Credential, key_to_pem, new_key, node_id, read_credential
from common.rpc.credentials import NodeIdentity
from common.rpc.server import open_server
from coordinator_node.config import Config
from coordinator_node.gateway.authority import Authority
from coordinator_node.local import found
from coordinator_node.node import open_gateway, open_node


class ShiftedClock(SystemClock):
    """The real clock, moved by hand."""

    def __init__(self, shift_ms: int = 0) -> None:
        self.shift_ms = shift_ms

    def now_ms(self) -> int:
        return super().now_ms() + self.shift_ms


@dataclass(frozen=True, slots=True)
class Own:
    """An identity that was not enrolled: what an attacker, or a test of one, would hold."""

    identity: Identity
    credential: Credential


class SmallMesh:
    """The Coordinator of a test and what it takes to join it."""

    def __init__(self, root: Path) -> None:
        self.home = Home.from_env(str(root / "mesh"))
        self.clock = ShiftedClock()
        self.address = ""
        self.identity_uri = ""
        self.enrolment_address = ""
        self._stack = AsyncExitStack()

    @classmethod
    @asynccontextmanager
    async def open(cls, root: Path) -> AsyncGenerator[SmallMesh]:
        mesh = cls(root)
        for name in ("coordinator", "enrolment"):
            Ports.of(mesh.home).remember(name, 0)
        await found(mesh.home, ())
        await mesh.start()
        try:
            yield mesh
        finally:
            await mesh.stop()

    async def start(self) -> None:
        """Starts the Coordinator, at the ports it had."""
        config = Config(self.home, grace_s=0.2)
        running = await self._stack.enter_async_context(open_node(config, self.clock))
        self.address = running.address
        self.identity_uri = running.extra["identity"]
        self.enrolment_address = running.extra["enrolment_address"]

    async def stop(self) -> None:
        """Takes the Coordinator away."""
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    async def code(self, role: Role, *, admin: bool = False) -> str:
        """A code for one node."""
        async with open_gateway(self.home, self.clock) as (gateway, _):
            given = await gateway.enrolment.invite(role, (self.enrolment_address,), admin=admin)
        return given.code

    async def join(self, role: Role, name: str = "", *, admin: bool = False) -> NodeIdentity:
        """An enrolled node."""
        code = await self.code(role, admin=admin)
        return await NodeIdentity.open(self.directory(name or role), code=code)

    def directory(self, name: str) -> Path:
        """Where the node of that name keeps its identity."""
        return self.home.root.parent / "nodes" / name / "identity"

    def authority(self, clock: SystemClock | None = None) -> Authority:
        """The mesh's CA, at another time if need be."""
        return Authority.open(self.home.directory("coordinator") / "authority", clock or self.clock)

    async def revoke(self, identity: Identity) -> None:
        """Makes a node unwelcome, as the owner does."""
        async with open_gateway(self.home, self.clock) as (gateway, _):
            await gateway.members.deny(identity.id)


def forged(authority: Authority, role: Role, mesh: str = "") -> Own:
    """A leaf straight from a CA, without any enrolment."""
    key = new_key()
    identity = Identity(mesh or authority.mesh, role, node_id(key.public_key()))
    leaf = authority.issue(identity, key.public_key())
    return Own(identity, read_credential(key_to_pem(key), leaf, authority.ca_pem))


class CountingLake(LakeServiceServicer):
    """Stats says how often it was called; Ingest acknowledges whatever comes."""

    def __init__(self) -> None:
        self.calls = 0

    async def Stats(  # noqa: N802
        self, request: StatsRequest, context: ServicerContext[Any, Any]
    ) -> StatsResponse:
        self.calls += 1
        return StatsResponse(lsn=self.calls)

    async def Ingest(  # noqa: N802
        self, request_iterator: AsyncIterator[IngestRequest], context: ServicerContext[Any, Any]
    ) -> AsyncIterator[IngestResponse]:
        async for _ in request_iterator:
            self.calls += 1
            yield IngestResponse()


@dataclass(frozen=True, slots=True)
class SmallDragon:
    """A Dragon that serves a CountingLake."""

    identity: NodeIdentity
    membership: Membership
    lake: CountingLake
    address: str


@asynccontextmanager
async def open_dragon(
    mesh: SmallMesh, name: str = "dragon", clock: SystemClock | None = None
) -> AsyncGenerator[SmallDragon]:
    """Enrols (the first time), serves, and is found by Resolve."""
    directory = mesh.directory(name)
    enrolled = (directory / "leaf.pem").exists()
    identity = await (NodeIdentity.open(directory) if enrolled else mesh.join("dragon", name))
    lake = CountingLake()  # pyright: ignore[reportAbstractUsage]
    async with open_member(identity, mesh.directory(name), ("lake",), clock) as membership:
        server, port = await open_server(
            "127.0.0.1",
            0,
            identity,
            lambda server: add_LakeServiceServicer_to_server(lake, server),
            membership.guard,
        )
        try:
            await membership.announce(f"127.0.0.1:{port}")
            yield SmallDragon(identity, membership, lake, f"127.0.0.1:{port}")
        finally:
            await server.stop(0)


@asynccontextmanager
async def open_member(
    identity: NodeIdentity,
    directory: Path,
    capabilities: tuple[Capability, ...] = (),
    clock: SystemClock | None = None,
) -> AsyncGenerator[Membership]:
    """The node's place in the mesh, remembered beside its identity."""
    async with Membership.open(
        identity, capabilities=capabilities, directory=directory.parent / "mesh", clock=clock
    ) as membership:
        yield membership


async def stats(channel: Channel, metadata: Metadata) -> int:
    """How often the lake was called."""
    given = await LakeServiceStub(channel).Stats(StatsRequest(), timeout=3, metadata=metadata)
    return given.lsn


def plain_channel(address: str, identity_uri: str, ca_pem: bytes) -> Channel:
    """A channel of somebody without a certificate."""
    node, role = identity_uri.rsplit("/", 1)[1], identity_uri.rsplit("/", 2)[1]
    return grpc.aio.secure_channel(
        address,
        grpc.ssl_channel_credentials(ca_pem),
        [("grpc.ssl_target_name_override", f"{node}.{role}.postdevai")],
    )
