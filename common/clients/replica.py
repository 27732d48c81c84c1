"""Following a Dragon's journal, and who leads a lake, as a Dragon uses them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Protocol, TypeVar

from grpc.aio import AioRpcError, Channel, Metadata, StreamStreamCall

from common.clients.coordinators import Coordinators
from common.clients.registry import RegistryClient
from common.clock import SystemClock
from common.errors import Denied, Unavailable
from common.model.ids import NodeId
from common.model.node import Capability, Identity, Node
from common.model.replica import JournalReach, JournalRows, LakeLead, ProjectHolding
from common.pb.postdevai.v1 import replica_service_pb2 as pb
from common.pb.postdevai.v1.replica_service_pb2_grpc import LeadServiceStub, ReplicaServiceStub
from common.rpc.channel import Channels
from common.rpc.credentials import NodeIdentity
from common.rpc.routed import Routed, was_stale
from common.rpc.status import error_from_rpc
from common.wire.translate import from_pb, to_pb

T = TypeVar("T")

CALL_S = 5.0
SILENCE_S = 5.0
"""A leader tells something each second; one that is silent for so long is taken to be gone."""


class AsksCoordinators(Protocol):
    """What of the membership is needed here."""

    async def ask_coordinator(
        self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True
    ) -> T: ...


class Mesh(AsksCoordinators, Protocol):
    """What of the membership it takes to follow a Dragon."""

    def routed(
        self,
        capability: Capability,
        project: str = "",
        model: str = "",
        *,
        task: str = "",
        only: str = "",
    ) -> Routed: ...
    async def nodes(self) -> tuple[Node, ...]: ...


class Leaders:
    """Dragons of this mesh that lead, as another Dragon finds them."""

    def __init__(self, mesh: Mesh, own: Identity) -> None:
        self._mesh = mesh
        self._own = own

    @asynccontextmanager
    async def follow(self, leader: NodeId, reach: JournalReach) -> AsyncGenerator[Followed]:
        """The leader's journal after what is here, until the block ends. Conflict with field
        `open` when the two have parted."""
        there = Identity(self._own.mesh, "dragon", leader).uri
        way = self._mesh.routed("lake", only=there)
        async with AsyncExitStack() as open_until:
            channel, metadata = await way.channel()
            try:
                stream = await open_until.enter_async_context(follow(channel, metadata, reach))
            except Denied as error:
                if not was_stale(error):
                    raise
                channel, metadata = await way.channel(fresh=True)
                stream = await open_until.enter_async_context(follow(channel, metadata, reach))
            yield stream

    async def tell(
        self, holder: NodeId, project: str, after: int, *, handed: bool
    ) -> AsyncGenerator[ProjectHolding | JournalRows]:
        """What a Dragon has of a project, then its records after a position. Missing when it has
        nothing of it."""
        there = Identity(self._own.mesh, "dragon", holder).uri
        request = pb.TellProjectRequest(project=project, after=after, handed=handed)
        stream = self._mesh.routed("lake", only=there).stream(
            lambda channel, metadata: ReplicaServiceStub(channel).TellProject(
                request, metadata=metadata
            )
        )
        async with aclosing(stream) as told:
            async for each in told:
                if each.WhichOneof("part") == "holding":
                    yield from_pb(each.holding, ProjectHolding)
                else:
                    yield from_pb(each.rows, JournalRows)

    async def is_gone(self, node: NodeId) -> bool:
        """Whether its lease has ended; not while nobody can say so."""
        try:
            known = await self._mesh.nodes()
        except Unavailable:
            return False
        return all(each.state == "gone" for each in known if each.id == node)


async def bring(dragon: Routed, project: str, holder: str) -> AsyncGenerator[tuple[int, int]]:
    """Has a Dragon copy a project from the one that holds it: (how far it is, the end), as it
    moves."""
    request = pb.BringProjectRequest(project=project, holder=holder)
    stream = dragon.stream(
        lambda channel, metadata: ReplicaServiceStub(channel).BringProject(
            request, metadata=metadata
        )
    )
    async with aclosing(stream) as told:
        async for each in told:
            yield each.at, each.last_lsn


class LeadClient:
    """Who leads a lake, as the Coordinator has it."""

    def __init__(self, mesh: AsksCoordinators) -> None:
        self._mesh = mesh

    async def lead(self, lake: str) -> LakeLead:
        """Takes the lead; Conflict, naming who has it, when it is not granted."""

        async def ask(channel: Channel) -> pb.LeadResponse:
            return await LeadServiceStub(channel).Lead(pb.LeadRequest(lake=lake), timeout=CALL_S)

        return from_pb((await self._mesh.ask_coordinator(ask)).lead, LakeLead)

    async def set_followers(self, lake: str, epoch: int, followers: Sequence[NodeId]) -> LakeLead:
        """Says who has everything; Conflict when this Dragon leads no more."""
        request = pb.SetFollowersRequest(lake=lake, epoch=epoch, followers=followers)

        async def ask(channel: Channel) -> pb.SetFollowersResponse:
            return await LeadServiceStub(channel).SetFollowers(request, timeout=CALL_S)

        return from_pb((await self._mesh.ask_coordinator(ask)).lead, LakeLead)

    async def get(self, lake: str) -> LakeLead:
        """Who leads."""
        request = pb.GetLeadRequest(lake=lake)

        async def ask(channel: Channel) -> pb.GetLeadResponse:
            return await LeadServiceStub(channel).GetLead(request, timeout=CALL_S)

        return from_pb((await self._mesh.ask_coordinator(ask)).lead, LakeLead)


class _Unseated:
    """Asks the Coordinators, and registers with none."""

    def __init__(self, coordinators: Coordinators) -> None:
        self._coordinators = coordinators

    async def ask_coordinator(
        self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True
    ) -> T:
        """The answer of the first that gives one."""
        return await self._coordinators.ask(fn, idempotent=idempotent)


@asynccontextmanager
async def unseated(identity: NodeIdentity) -> AsyncGenerator[LeadClient]:
    """For a Dragon that does not run: a lease of its own would keep its follower waiting."""
    channels = Channels(identity, SystemClock())
    try:
        yield LeadClient(_Unseated(Coordinators(identity, channels)))
    finally:
        await channels.close()


async def known_nodes(identity: NodeIdentity) -> tuple[Node, ...]:
    """Every node of the mesh, for one that does not run."""
    channels = Channels(identity, SystemClock())
    try:
        ask = Coordinators(identity, channels).ask
        return await ask(lambda channel: RegistryClient(channel).nodes())
    finally:
        await channels.close()


async def successor(channel: Channel, node: str) -> str:
    """The id of the Dragon that leads now what another one led; empty when no other one does."""
    request = pb.GetSuccessorRequest(node=node)
    try:
        return (await LeadServiceStub(channel).GetSuccessor(request, timeout=CALL_S)).leader
    except AioRpcError as error:
        raise error_from_rpc(error) from None


Told = JournalRows | int
"""Rows, or the leader's last position."""

Call = StreamStreamCall[pb.FollowJournalRequest, pb.FollowJournalResponse]


class Followed:
    """An open stream of a leader's journal."""

    def __init__(self, call: Call, welcome: JournalReach) -> None:
        self._call = call
        self.welcome = welcome
        """How far the leader's journal reached when the stream began."""

    async def next(self) -> Told:
        """What the leader tells next; Unavailable when it is silent or gone."""
        given = await _answer(self._call)
        match given.WhichOneof("part"):
            case "rows":
                return from_pb(given.rows, JournalRows)
            case _:
                return given.last_lsn

    async def written(self, lsn: int) -> None:
        """Everything up to there is durable and applied here."""
        try:
            await self._call.write(pb.FollowJournalRequest(written=lsn))
        except AioRpcError as error:
            raise error_from_rpc(error) from None
        except asyncio.InvalidStateError:
            raise Unavailable("the leader has closed the stream") from None


@asynccontextmanager
async def follow(
    channel: Channel, metadata: Metadata, reach: JournalReach
) -> AsyncGenerator[Followed]:
    """The leader's journal after what is here; Conflict with field `open` when the two have parted.

    The stream ends with the block.
    """
    call: Call = ReplicaServiceStub(channel).FollowJournal(metadata=metadata)
    try:
        await call.write(pb.FollowJournalRequest(open=to_pb(reach, pb.JournalReach)))
        welcome = from_pb((await _answer(call)).welcome, JournalReach)
        yield Followed(call, welcome)
    except AioRpcError as error:
        raise error_from_rpc(error) from None
    except asyncio.InvalidStateError:
        raise await _why(call) from None
    finally:
        call.cancel()


async def _answer(call: Call) -> pb.FollowJournalResponse:
    try:
        async with asyncio.timeout(SILENCE_S):
            given = await call.read()
    except TimeoutError:
        raise Unavailable(f"the leader has said nothing for {SILENCE_S:g} s") from None
    except AioRpcError as error:
        raise error_from_rpc(error) from None
    if not isinstance(given, pb.FollowJournalResponse):
        raise Unavailable("the leader has closed the stream")
    return given


async def _why(call: Call) -> Exception:
    """A stream that was refused before the first message could be written says so only here."""
    try:
        await call.read()
    except AioRpcError as error:
        return error_from_rpc(error)
    except asyncio.InvalidStateError:
        pass
    return Unavailable("the leader has closed the stream")
