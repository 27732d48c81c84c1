"""What front ends do with what laptops share, through this laptop's daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc.aio

from common.model.shared import ItemKind, SharedItem, SyncStatus
from common.pb.postdevai.v1 import shared_service_pb2 as pb
from common.pb.postdevai.v1.shared_service_pb2_grpc import SharedServiceStub
from common.wire.translate import from_pb
from developer_node.front.local_refusals import answer

if TYPE_CHECKING:
    from common.pb.postdevai.v1.shared_service_pb2_grpc import SharedServiceAsyncStub

QUICK_S = 5.0


class LocalShared:
    """SharedService behind the local API."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub: SharedServiceAsyncStub = SharedServiceStub(channel)
        self._metadata = metadata

    async def items(
        self, kind: ItemKind, scope: str = "", *, every: bool = False
    ) -> tuple[SharedItem, ...]:
        """Of one project or of all, by project and key."""
        request = pb.ListSharedRequest(kind=kind, scope=scope, all=every)
        call = self._stub.ListShared(request, timeout=QUICK_S, metadata=self._metadata)
        return tuple(from_pb(item, SharedItem) for item in (await answer(call)).items)

    async def item(self, kind: ItemKind, scope: str, key: str) -> SharedItem:
        """One, a note with its text."""
        request = pb.GetSharedRequest(kind=kind, scope=scope, key=key)
        call = self._stub.GetShared(request, timeout=QUICK_S, metadata=self._metadata)
        return from_pb((await answer(call)).item, SharedItem)

    async def put(
        self, kind: ItemKind, scope: str, key: str, value: str, version: bytes = b""
    ) -> SharedItem:
        """On this laptop's disk when it returns; a note without a key is a new one."""
        request = pb.PutSharedRequest(kind=kind, scope=scope, key=key, value=value, version=version)
        call = self._stub.PutShared(request, timeout=QUICK_S, metadata=self._metadata)
        return from_pb((await answer(call)).item, SharedItem)

    async def remove(self, kind: ItemKind, scope: str, key: str) -> SharedItem:
        """As it was."""
        request = pb.RemoveSharedRequest(kind=kind, scope=scope, key=key)
        call = self._stub.RemoveShared(request, timeout=QUICK_S, metadata=self._metadata)
        return from_pb((await answer(call)).item, SharedItem)

    async def sync(self) -> SyncStatus:
        """What waits here, the last exchange, what lost."""
        call = self._stub.GetSync(pb.GetSyncRequest(), timeout=QUICK_S, metadata=self._metadata)
        return from_pb((await answer(call)).status, SyncStatus)
