"""SharedService on the local API: unwraps, asks the replica, wraps. No decision here."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, get_args

import grpc.aio

from common.errors import Invalid
from common.model.shared import ItemKind, SharedItem, SharedSession, SyncStatus
from common.pb.postdevai.v1 import shared_pb2
from common.pb.postdevai.v1 import shared_service_pb2 as pb
from common.pb.postdevai.v1.shared_service_pb2_grpc import (
    SharedServiceServicer,
    add_SharedServiceServicer_to_server,
)
from common.shared.state import FIELDS_MAX, NOTES_MAX
from common.wire.translate import to_pb
from developer_node.shared import views
from developer_node.shared.replica import Replica

Context = grpc.aio.ServicerContext[Any, Any]


class SharedDoor(SharedServiceServicer):
    """Settings, pins and notes; each answer is this laptop's own."""

    def __init__(
        self,
        replica: Replica,
        sentence: Callable[[], str],
        sessions: Callable[[], tuple[SharedSession, ...]],
    ) -> None:
        """`sentence`: why nothing is exchanged now; empty when it is."""
        self._replica = replica
        self._sentence = sentence
        self._sessions = sessions

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_SharedServiceServicer_to_server(self, server)

    async def ListShared(
        self, request: pb.ListSharedRequest, context: Context
    ) -> pb.ListSharedResponse:
        found = self._replica.items(_kind(request.kind), request.scope, every=request.all)
        return pb.ListSharedResponse(items=[_to_pb(each) for each in found])

    async def GetShared(
        self, request: pb.GetSharedRequest, context: Context
    ) -> pb.GetSharedResponse:
        found = self._replica.item(_kind(request.kind), request.scope, request.key)
        return pb.GetSharedResponse(item=_to_pb(found))

    async def PutShared(
        self, request: pb.PutSharedRequest, context: Context
    ) -> pb.PutSharedResponse:
        kind = _kind(request.kind)
        put = await self._replica.put(
            kind, request.scope, request.key, request.value, request.version
        )
        return pb.PutSharedResponse(item=_to_pb(put))

    async def RemoveShared(
        self, request: pb.RemoveSharedRequest, context: Context
    ) -> pb.RemoveSharedResponse:
        was = await self._replica.remove(_kind(request.kind), request.scope, request.key)
        return pb.RemoveSharedResponse(item=_to_pb(was))

    async def GetSync(self, request: pb.GetSyncRequest, context: Context) -> pb.GetSyncResponse:
        return pb.GetSyncResponse(status=to_pb(self._status(), shared_pb2.SyncStatus))

    def _status(self) -> SyncStatus:
        replica = self._replica
        return SyncStatus(
            waiting=replica.waiting,
            exchanged_ms=replica.exchanged_ms,
            sentence=" ".join(s for s in (replica.sentence, self._sentence()) if s),
            fields=replica.state.count("setting", "pin"),
            notes=replica.state.count("note"),
            fields_max=FIELDS_MAX,
            notes_max=NOTES_MAX,
            lost=views.lost(replica.state, replica.me, replica.told),
            sessions=self._sessions(),
            machine=replica.names.get(replica.me, ""),
            bytes=replica.bytes(),
        )


def _kind(kind: str) -> ItemKind:
    if kind not in get_args(ItemKind):
        raise Invalid(f"{kind[:40]!r} is no kind of what is shared", field="kind")
    return cast("ItemKind", kind)


def _to_pb(item: SharedItem) -> shared_pb2.SharedItem:
    return to_pb(item, shared_pb2.SharedItem)
