"""The Coordinator's SyncService as a laptop calls it: nouns in, nouns out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from grpc.aio import AioRpcError, Channel

from common.model.shared import Delta, SharedSession, Vector
from common.pb.postdevai.v1 import shared_pb2
from common.pb.postdevai.v1 import sync_service_pb2 as pb
from common.pb.postdevai.v1.sync_service_pb2_grpc import SyncServiceStub
from common.rpc.status import error_from_rpc
from common.wire.shared import delta_from_bytes, delta_to_bytes, vector_from_bytes, vector_to_bytes
from common.wire.translate import from_pb, to_pb

T = TypeVar("T")

EXCHANGE_S = 10.0
QUICK_S = 10.0


class Asking(Protocol):
    """A node's way to the Coordinator."""

    async def ask_coordinator(
        self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True
    ) -> T:
        """The answer to one call; the seven errors."""
        ...


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What the Coordinator told."""

    delta: Delta
    vector: Vector
    """What it has seen."""
    more: bool
    merged: bool
    """False: what was sent would have left a gap."""
    whole: bool
    """What `names` does not hold is gone."""
    names: bytes


class SyncClient:
    """One a laptop."""

    def __init__(self, mesh: Asking) -> None:
        self._mesh = mesh

    async def exchange(self, delta: Delta, vector: Vector, now_ms: int) -> Exchanged:
        """Gives and takes; what was given is in the engine of the mesh when this returns."""
        request = pb.ExchangeRequest(
            delta=delta_to_bytes(delta) if delta.entries else b"",
            vector=vector_to_bytes(vector),
            now_ms=now_ms,
        )

        async def call(channel: Channel) -> pb.ExchangeResponse:
            return await SyncServiceStub(channel).Exchange(request, timeout=EXCHANGE_S)

        told = await self._mesh.ask_coordinator(call)
        return Exchanged(
            delta_from_bytes(told.delta),
            vector_from_bytes(told.vector),
            told.more,
            told.merged,
            told.whole,
            told.names,
        )

    async def watch(self) -> AsyncGenerator[int]:
        """A hint for each change, the first at once, until the Coordinator ends it."""

        async def channel_to(channel: Channel) -> Channel:
            return channel

        stub = SyncServiceStub(await self._mesh.ask_coordinator(channel_to))
        call = stub.WatchShared(pb.WatchSharedRequest())
        try:
            async for message in call:
                yield message.revision
        except AioRpcError as error:
            raise error_from_rpc(error) from None
        finally:
            call.cancel()

    async def take(self, scope: str, epoch: int, *, hand_over: bool) -> int:
        """The epoch under which this laptop writes; Conflict while another does."""
        request = pb.TakeSessionRequest(scope=scope, epoch=epoch, hand_over=hand_over)

        async def call(channel: Channel) -> pb.TakeSessionResponse:
            return await SyncServiceStub(channel).TakeSession(request, timeout=QUICK_S)

        return (await self._mesh.ask_coordinator(call)).epoch

    async def leave(self, scope: str, epoch: int) -> None:
        """Another may write."""
        request = pb.LeaveSessionRequest(scope=scope, epoch=epoch)

        async def call(channel: Channel) -> pb.LeaveSessionResponse:
            return await SyncServiceStub(channel).LeaveSession(request, timeout=QUICK_S)

        await self._mesh.ask_coordinator(call)

    async def append(self, session: SharedSession) -> int:
        """Its place in the log; Conflict once it was handed over."""
        message = to_pb(session, shared_pb2.SharedSession)
        request = pb.AppendSessionRequest(session=message)

        async def call(channel: Channel) -> pb.AppendSessionResponse:
            return await SyncServiceStub(channel).AppendSession(request, timeout=QUICK_S)

        return (await self._mesh.ask_coordinator(call)).seq

    async def read(self, scope: str, after: int) -> tuple[SharedSession, ...]:
        """What was added to a session after a place."""
        request = pb.ReadSessionRequest(scope=scope, after=after)

        async def call(channel: Channel) -> pb.ReadSessionResponse:
            return await SyncServiceStub(channel).ReadSession(request, timeout=QUICK_S)

        told = await self._mesh.ask_coordinator(call)
        return tuple(from_pb(each, SharedSession) for each in told.sessions)

    async def sessions(self) -> tuple[SharedSession, ...]:
        """The newest line of each."""

        async def call(channel: Channel) -> pb.ListSessionsResponse:
            return await SyncServiceStub(channel).ListSessions(
                pb.ListSessionsRequest(), timeout=QUICK_S
            )

        told = await self._mesh.ask_coordinator(call)
        return tuple(from_pb(each, SharedSession) for each in told.sessions)
