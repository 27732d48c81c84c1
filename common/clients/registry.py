"""The registry, as a node uses it: the Register stream, the list of nodes, routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from grpc.aio import AioRpcError, Channel, StreamStreamCall

from common.errors import Unavailable
from common.model.ids import NodeId
from common.model.node import (
    Capability,
    CoordinatorAddress,
    Node,
    NodeLoad,
    NodeOffer,
    NodeState,
    Route,
)
from common.model.rule_file import RuleFile
from common.pb.postdevai.v1 import node_pb2
from common.pb.postdevai.v1.registry_service_pb2 import (
    Heartbeat,
    ListNodesRequest,
    PinProjectRequest,
    RegisterHello,
    RegisterRequest,
    RegisterResponse,
    ResolveRequest,
)
from common.pb.postdevai.v1.registry_service_pb2 import (
    NodeOffer as PbOffer,
)
from common.pb.postdevai.v1.registry_service_pb2_grpc import RegistryServiceStub
from common.rpc.status import error_from_rpc
from common.rpc.tickets import TicketKey
from common.wire.translate import from_pb, to_pb

CALL_S = 3.0
BEAT_S = 1.0
ANSWER_S = 3.0
"""One lease: a Coordinator that is silent for so long is taken to be away."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a node says of itself when it registers."""

    address: str
    capabilities: tuple[Capability, ...]
    version: str
    pid: int
    addresses: tuple[str, ...] = ()
    """Every host:port at which it may be reached, the likeliest first."""
    machine: str = ""
    sealing_key: str = ""
    process: str = ""
    """Of this process; two that share an identity are told apart by it."""


@dataclass(frozen=True, slots=True)
class Word:
    """What the Coordinator says: who signs tickets, who is no longer welcome, who else is one."""

    ticket_keys: tuple[TicketKey, ...]
    denied: frozenset[NodeId]
    coordinators: tuple[CoordinatorAddress, ...] = ()
    """Every Coordinator; empty where that has not changed since it was last said."""
    rules: tuple[RuleFile, ...] = ()
    """The owner's own rules for tools."""
    now_ms: int = field(default=0, compare=False)
    """The Coordinator's clock when it said this; 0 when it did not say."""


class RegistryClient:
    """Calls on the Coordinator's main port."""

    def __init__(self, channel: Channel) -> None:
        self._stub = RegistryServiceStub(channel)

    async def pin_copied(self, project: str, node: str) -> None:
        """Places a project for good at a Dragon that has copied all of it."""
        request = PinProjectRequest(project=project, node=node, copied=True)
        try:
            await self._stub.PinProject(request, timeout=CALL_S)
        except AioRpcError as error:
            raise error_from_rpc(error) from None

    async def nodes(self) -> tuple[Node, ...]:
        """Every node that is or was there."""
        try:
            given = await self._stub.ListNodes(ListNodesRequest(), timeout=CALL_S)
        except AioRpcError as error:
            raise error_from_rpc(error) from None
        return tuple(from_pb(node, Node) for node in given.nodes)

    async def resolve(
        self, capability: Capability, project: str, model: str, task: str = ""
    ) -> tuple[Route, ...]:
        """Ranked routes, each with a ticket."""
        request = ResolveRequest(capability=capability, project=project, model=model, task=task)
        try:
            given = await self._stub.Resolve(request, timeout=CALL_S)
        except AioRpcError as error:
            raise error_from_rpc(error) from None
        return tuple(from_pb(route, Route) for route in given.routes)

    @asynccontextmanager
    async def register(self, hello: Hello) -> AsyncGenerator[Registration]:
        """The stream that keeps this node's lease; it ends with the block."""
        call = self._stub.Register()
        try:
            registration = Registration(call)
            await registration.say(hello)
            yield registration
        except AioRpcError as error:
            raise error_from_rpc(error) from None
        finally:
            call.cancel()


class Registration:
    """An open Register stream. Each message has its answer within a lease, or Unavailable."""

    def __init__(self, call: StreamStreamCall[RegisterRequest, RegisterResponse]) -> None:
        self._call = call
        self.word = Word((), frozenset())
        """The last that the Coordinator said."""
        self.epoch = 0
        """Under which this registration holds its lease; 0 until it was welcomed."""

    async def say(self, hello: Hello) -> None:
        """Registers, or replaces what was said before."""
        said = RegisterHello(
            address=hello.address,
            capabilities=hello.capabilities,
            version=hello.version,
            pid=hello.pid,
            addresses=hello.addresses,
            machine=hello.machine,
            sealing_key=hello.sealing_key,
            process=hello.process,
        )
        await self._ask(RegisterRequest(hello=said))

    async def beat(
        self, state: NodeState, load: NodeLoad, offer: NodeOffer | None = None, now_ms: int = 0
    ) -> None:
        """Still there. `offer` is what the node holds, where that has changed."""
        beat = Heartbeat(state=state, load=to_pb(load, node_pb2.NodeLoad), now_ms=now_ms)
        if offer is not None:
            beat.offer.CopyFrom(to_pb(offer, PbOffer))
        await self._ask(RegisterRequest(heartbeat=beat))

    async def _ask(self, request: RegisterRequest) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._call.write(request)
                answer = await self._call.read()
        except TimeoutError:
            raise Unavailable("the Coordinator does not answer") from None
        except AioRpcError as error:
            raise error_from_rpc(error) from None
        except asyncio.InvalidStateError:
            raise Unavailable("the Coordinator has closed the stream") from None
        if not isinstance(answer, RegisterResponse):
            raise Unavailable("the Coordinator has closed the stream")
        self.word = _word(answer, self.word)
        self.epoch = answer.welcome.epoch or self.epoch


def _word(answer: RegisterResponse, before: Word) -> Word:
    said = answer.welcome if answer.HasField("welcome") else answer.renewed
    keys = tuple(TicketKey(key.kid, key.public_pem) for key in said.ticket_keys)
    denied = frozenset(NodeId(node) for node in said.denied)
    rules = before.rules
    if answer.HasField("welcome") or answer.renewed.rules_changed:
        rules = tuple(RuleFile(file.name, file.text) for file in said.rules)
    coordinators = tuple(from_pb(each, CoordinatorAddress) for each in said.coordinators)
    return Word(keys, denied, coordinators, rules, said.now_ms)
