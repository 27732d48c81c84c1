"""SyncService: unwraps, asks the documents and the sessions, wraps."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from grpc.aio import Server, ServicerContext

from common.clock import Clock
from common.errors import Invalid
from common.model.shared import SharedSession
from common.pb.postdevai.v1 import shared_pb2
from common.pb.postdevai.v1 import sync_service_pb2 as pb
from common.pb.postdevai.v1.sync_service_pb2_grpc import (
    SyncServiceServicer,
    add_SyncServiceServicer_to_server,
)
from common.rpc.peers import peer_identity
from common.wire.shared import NAME_CHARS_MAX, delta_to_bytes, vector_from_bytes, vector_to_bytes
from common.wire.translate import from_pb, to_pb
from coordinator_node.sync.documents import DEADLINE_S, Documents
from coordinator_node.sync.sessions import Sessions

Context = ServicerContext[Any, Any]

MARGIN_S = 0.5
FILES_MAX = 20
NOTE_CHARS_MAX = 2_000


class SyncService(SyncServiceServicer):
    """Served on the main port, to laptops."""

    def __init__(self, documents: Documents, sessions: Sessions, clock: Clock) -> None:
        self._documents = documents
        self._sessions = sessions
        self._clock = clock

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        add_SyncServiceServicer_to_server(self, server)

    async def Exchange(self, request: pb.ExchangeRequest, context: Context) -> pb.ExchangeResponse:
        """Acknowledged when it is in the engine."""
        told = await self._documents.exchange(
            request.delta,
            vector_from_bytes(request.vector),
            request.now_ms,
            min(DEADLINE_S, max(0.1, context.time_remaining() - MARGIN_S)),
        )
        return pb.ExchangeResponse(
            delta=delta_to_bytes(told.delta),
            vector=vector_to_bytes(told.vector),
            more=told.delta.more,
            merged=told.merged,
            now_ms=self._clock.now_ms(),
            whole=told.whole,
            names=told.names,
        )

    async def WatchShared(
        self, request: pb.WatchSharedRequest, context: Context
    ) -> AsyncIterator[pb.WatchSharedResponse]:
        """A hint, not the change itself."""
        async with aclosing(self._documents.watch()) as revisions:
            async for revision in revisions:
                yield pb.WatchSharedResponse(revision=revision)

    async def TakeSession(
        self, request: pb.TakeSessionRequest, context: Context
    ) -> pb.TakeSessionResponse:
        """Under a new epoch, unless the caller has it."""
        lease = await self._sessions.take(
            _scope(request.scope),
            peer_identity(context).id,
            request.epoch,
            hand_over=request.hand_over,
        )
        return pb.TakeSessionResponse(epoch=lease.epoch, ends_ms=lease.ends_ms)

    async def LeaveSession(
        self, request: pb.LeaveSessionRequest, context: Context
    ) -> pb.LeaveSessionResponse:
        """Nothing when another has it."""
        node = peer_identity(context).id
        await self._sessions.leave(_scope(request.scope), node, request.epoch)
        return pb.LeaveSessionResponse()

    async def AppendSession(
        self, request: pb.AppendSessionRequest, context: Context
    ) -> pb.AppendSessionResponse:
        """Refused under any but the newest epoch."""
        session = from_pb(request.session, SharedSession, "session.")
        _scope(session.scope)
        if not session.machine or len(session.machine) > NAME_CHARS_MAX:
            raise Invalid("the machine has no name, or too long a one", field="session.machine")
        if len(session.files) > FILES_MAX or len(session.note) > NOTE_CHARS_MAX:
            raise Invalid("the session is too long", field="session.files")
        seq = await self._sessions.append(session, peer_identity(context).id)
        return pb.AppendSessionResponse(seq=seq)

    async def ReadSession(
        self, request: pb.ReadSessionRequest, context: Context
    ) -> pb.ReadSessionResponse:
        """Oldest first."""
        found = await self._sessions.read(_scope(request.scope), request.after)
        sessions = [to_pb(each, shared_pb2.SharedSession) for each in found]
        return pb.ReadSessionResponse(sessions=sessions)

    async def ListSessions(
        self, request: pb.ListSessionsRequest, context: Context
    ) -> pb.ListSessionsResponse:
        """The newest line of each."""
        found = await self._sessions.newest()
        sessions = [to_pb(each, shared_pb2.SharedSession) for each in found]
        return pb.ListSessionsResponse(sessions=sessions)


def _scope(scope: str) -> str:
    if not scope or len(scope) > NAME_CHARS_MAX:
        raise Invalid(f"a project has a name of 1 to {NAME_CHARS_MAX} characters", field="scope")
    return scope
