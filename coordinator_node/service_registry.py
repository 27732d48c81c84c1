"""RegistryService: unwraps, asks the registry and the router, wraps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from grpc.aio import Server, ServicerContext

from common.clock import Clock, SystemClock
from common.errors import Denied, Invalid, Unavailable
from common.model.ids import NodeId
from common.model.node import CoordinatorAddress, Identity, Member
from common.model.rule_file import RuleFile
from common.pb.postdevai.v1 import node_pb2
from common.pb.postdevai.v1.registry_service_pb2 import (
    CoordinatorAddress as PbCoordinator,
)
from common.pb.postdevai.v1.registry_service_pb2 import (
    LeaseRenewed,
    ListNodesRequest,
    ListNodesResponse,
    RegisterRequest,
    RegisterResponse,
    RegisterWelcome,
)
from common.pb.postdevai.v1.registry_service_pb2 import (
    RuleFile as PbRuleFile,
)
from common.pb.postdevai.v1.registry_service_pb2 import (
    TicketKey as PbTicketKey,
)
from common.pb.postdevai.v1.registry_service_pb2_grpc import (
    RegistryServiceServicer,
    add_RegistryServiceServicer_to_server,
)
from common.rpc.peers import peer_leaf
from common.rpc.tickets import TicketKey
from common.wire.translate import to_pb
from coordinator_node.registry.registry import Registry
from coordinator_node.registry.roster import LEASE_S
from coordinator_node.service_hello import read_beat, read_hello
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
        coordinators: Callable[[], tuple[CoordinatorAddress, ...]] = tuple,
        clock: Clock | None = None,
        rules: Callable[[], tuple[RuleFile, ...]] = tuple,
        members: Callable[[], tuple[Member, ...]] = tuple,
    ) -> None:
        self._members = members
        self._rules = rules
        self._registry = registry
        self._coordinators = coordinators
        self._clock = clock or SystemClock()
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
        leaf = peer_leaf(context)
        if leaf is None:
            raise Denied("this call needs a certificate of the mesh")
        stream = _Stream(leaf.identity)
        try:
            while (request := await _next(request_iterator)) is not None:
                match request.WhichOneof("part"):
                    case "hello":
                        node = read_hello(leaf, request.hello, version("postdevai"))
                        stream.process = request.hello.process
                        stream.epoch = await self._registry.register(
                            node, stream.process, request.hello.sealing_key
                        )
                        yield RegisterResponse(welcome=self._welcome(stream))
                    case "heartbeat":
                        self._renew(stream, request)
                        yield RegisterResponse(renewed=self._renewed(stream))
                    case _:
                        raise Invalid("part is not set", field="part")
        finally:
            self._registry.leave(stream.caller, stream.epoch)

    async def ListNodes(  # noqa: N802
        self, request: ListNodesRequest, context: Context
    ) -> ListNodesResponse:
        """Every node that is or was there, and who else was let in."""
        nodes = await self._told(self._registry.nodes())
        denied = self._denied()
        members = self._members()
        left = {each.id for each in members if each.left}
        there = {node.id for node in nodes}
        return ListNodesResponse(
            nodes=[
                to_pb(replace(node, put_out=node.id in denied, left=node.id in left), node_pb2.Node)
                for node in nodes
            ],
            members=[to_pb(each, node_pb2.Member) for each in members if each.id not in there],
        )

    def _renew(self, stream: _Stream, request: RegisterRequest) -> None:
        if not stream.epoch:
            raise Invalid("the first message must be hello", field="heartbeat")
        state, load, offer = read_beat(request.heartbeat)
        said_ms = request.heartbeat.now_ms
        ahead_ms = said_ms - self._clock.now_ms() if said_ms else 0
        self._registry.renew(
            stream.caller, stream.epoch, state, load, offer, ahead_ms, stream.process
        )

    def _welcome(self, stream: _Stream) -> RegisterWelcome:
        return RegisterWelcome(
            ticket_keys=self._keys(),
            denied=sorted(self._denied()),
            lease_s=LEASE_S,
            epoch=stream.epoch,
            coordinators=self._news(stream),
            now_ms=self._clock.now_ms(),
            rules=self._rules_now(stream),
        )

    def _renewed(self, stream: _Stream) -> LeaseRenewed:
        changed = self._rules() != stream.rules
        return LeaseRenewed(
            denied=sorted(self._denied()),
            ticket_keys=self._keys(),
            coordinators=self._news(stream),
            now_ms=self._clock.now_ms(),
            rules_changed=changed,
            rules=self._rules_now(stream) if changed else (),
        )

    def _rules_now(self, stream: _Stream) -> list[PbRuleFile]:
        """The owner's rules; they are told again when they are others."""
        stream.rules = self._rules()
        return [PbRuleFile(name=file.name, text=file.text) for file in stream.rules]

    def _news(self, stream: _Stream) -> list[PbCoordinator]:
        """The Coordinators, where they are not those that were told last."""
        now = self._coordinators()
        if now == stream.told:
            return []
        stream.told = now
        return [to_pb(each, PbCoordinator) for each in now]

    def _keys(self) -> list[PbTicketKey]:
        return [PbTicketKey(kid=key.kid, public_pem=key.public_pem) for key in self._ticket_keys()]


@dataclass(slots=True)
class _Stream:
    """One Register stream."""

    caller: Identity
    epoch: int = 0
    """0 until it has said hello."""
    process: str = ""
    told: tuple[CoordinatorAddress, ...] = ()
    rules: tuple[RuleFile, ...] = ()


async def _next(requests: AsyncIterator[RegisterRequest]) -> RegisterRequest | None:
    """The next message; Unavailable when none comes within a lease."""
    try:
        async with asyncio.timeout(LEASE_S):
            return await anext(requests, None)
    except TimeoutError:
        raise Unavailable(f"no heartbeat came within {LEASE_S:g} s") from None
