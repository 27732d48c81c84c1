"""RegistryService: unwraps, asks the registry and the router, wraps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast, get_args

from grpc.aio import Server, ServicerContext

from common.errors import Denied, Invalid, Unavailable
from common.model.ids import NodeId
from common.model.node import Capability, Identity, Node, NodeLoad, NodeState
from common.pb.postdevai.v1 import node_pb2
from common.pb.postdevai.v1.registry_service_pb2 import (
    LeaseRenewed,
    ListNodesRequest,
    ListNodesResponse,
    RegisterHello,
    RegisterRequest,
    RegisterResponse,
    RegisterWelcome,
)
from common.pb.postdevai.v1.registry_service_pb2 import (
    TicketKey as PbTicketKey,
)
from common.pb.postdevai.v1.registry_service_pb2_grpc import (
    RegistryServiceServicer,
    add_RegistryServiceServicer_to_server,
)
from common.rpc.peers import peer_identity
from common.rpc.tickets import TicketKey
from common.wire.translate import from_pb, to_pb
from coordinator_node.registry.registry import Registry
from coordinator_node.registry.roster import LEASE_S
from coordinator_node.service_routes import RouteCalls, Routes

Context = ServicerContext[Any, Any]


class RegistryService(RouteCalls, RegistryServiceServicer):
    """Served on the main port, to nodes of the mesh."""

    def __init__(
        self,
        registry: Registry,
        routes: Routes,
        ticket_keys: Callable[[], tuple[TicketKey, ...]],
        denied: Callable[[], frozenset[NodeId]],
    ) -> None:
        self._registry = registry
        RouteCalls.__init__(self, routes, registry.nodes)
        self._ticket_keys = ticket_keys
        self._denied = denied

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        add_RegistryServiceServicer_to_server(self, server)

    async def Register(  # noqa: N802
        self, request_iterator: AsyncIterator[RegisterRequest], context: Context
    ) -> AsyncIterator[RegisterResponse]:
        """A lease, for as long as heartbeats come."""
        caller = peer_identity(context)
        epoch = 0
        try:
            while (request := await _next(request_iterator)) is not None:
                match request.WhichOneof("part"):
                    case "hello":
                        epoch = await self._registry.register(_node(caller, request.hello))
                        yield RegisterResponse(welcome=self._welcome(epoch))
                    case "heartbeat":
                        self._renew(caller, epoch, request)
                        yield RegisterResponse(renewed=self._renewed())
                    case _:
                        raise Invalid("part is not set", field="part")
        finally:
            self._registry.leave(caller, epoch)

    async def ListNodes(  # noqa: N802
        self, request: ListNodesRequest, context: Context
    ) -> ListNodesResponse:
        """Every node that is or was there."""
        nodes = self._registry.nodes()
        return ListNodesResponse(nodes=[to_pb(node, node_pb2.Node) for node in nodes])

    def _renew(self, caller: Identity, epoch: int, request: RegisterRequest) -> None:
        if not epoch:
            raise Invalid("the first message must be hello", field="heartbeat")
        beat = request.heartbeat
        if beat.state not in ("serving", "draining"):
            raise Invalid("state must be serving or draining", field="heartbeat.state")
        load = from_pb(beat.load, NodeLoad, "heartbeat.load.")
        self._registry.renew(caller, epoch, cast(NodeState, beat.state), load)

    def _welcome(self, epoch: int) -> RegisterWelcome:
        return RegisterWelcome(
            ticket_keys=self._keys(), denied=sorted(self._denied()), lease_s=LEASE_S, epoch=epoch
        )

    def _renewed(self) -> LeaseRenewed:
        return LeaseRenewed(denied=sorted(self._denied()), ticket_keys=self._keys())

    def _keys(self) -> list[PbTicketKey]:
        return [PbTicketKey(kid=key.kid, public_pem=key.public_pem) for key in self._ticket_keys()]


async def _next(requests: AsyncIterator[RegisterRequest]) -> RegisterRequest | None:
    """The next message; Unavailable when none comes within a lease."""
    try:
        async with asyncio.timeout(LEASE_S):
            return await anext(requests, None)
    except TimeoutError:
        raise Unavailable(f"no heartbeat came within {LEASE_S:g} s") from None


def _node(caller: Identity, hello: RegisterHello) -> Node:
    if hello.capabilities and caller.role != "dragon":
        raise Denied(f"a {caller.role} offers nothing to others")
    for i, capability in enumerate(hello.capabilities):
        if capability not in get_args(Capability):
            field = f"hello.capabilities[{i}]"
            raise Invalid(f"{field} is {capability[:40]!r}, which is not known", field=field)
    if len(hello.address) > 255 or len(hello.version) > 64:
        raise Invalid("hello.address or hello.version is too long", field="hello.address")
    return Node(
        role=caller.role,
        id=caller.id,
        address=hello.address,
        state="serving",
        lease_s=LEASE_S,
        version=hello.version,
        pid=hello.pid,
        capabilities=cast(tuple[Capability, ...], tuple(dict.fromkeys(hello.capabilities))),
    )
