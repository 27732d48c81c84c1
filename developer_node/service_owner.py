"""OwnerService on the local API: the owner's key, and the sealing keys that it signs."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import grpc.aio

from common.errors import Missing
from common.pb.postdevai.v1 import owner_service_pb2 as pb
from common.pb.postdevai.v1.owner_service_pb2_grpc import (
    OwnerServiceServicer,
    add_OwnerServiceServicer_to_server,
)
from common.rpc.sealed.statement import fingerprint
from developer_node.owner.deciding import Decision
from developer_node.owner.keeping import Signing
from developer_node.owner.owner import point_fingerprint, public_text

Context = grpc.aio.ServicerContext[Any, Any]


class OwnerDoor(OwnerServiceServicer):
    """For the owner alone."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing
        self._owner = signing.owner

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_OwnerServiceServicer_to_server(self, server)

    async def GetOwner(self, request: pb.GetOwnerRequest, context: Context) -> pb.GetOwnerResponse:
        public = self._owner.public
        keys = [_key(each) for each in await self._signing.decisions()]
        return pb.GetOwnerResponse(
            public_key=public_text(public) if public else "",
            fingerprint=point_fingerprint(public) if public else "",
            signs=self._owner.signs,
            keys=keys,
        )

    async def InitOwner(
        self, request: pb.InitOwnerRequest, context: Context
    ) -> pb.InitOwnerResponse:
        await asyncio.to_thread(self._owner.init)
        public = self._owner.public
        if public is None:
            raise Missing("the owner's key is not here", hint="see: postdevai owner")
        return pb.InitOwnerResponse(
            public_key=public_text(public), fingerprint=point_fingerprint(public)
        )

    async def SignKey(self, request: pb.SignKeyRequest, context: Context) -> pb.SignKeyResponse:
        decision = await self._signing.sign_by_hand(request.node, request.fingerprint)
        (now,) = [each for each in await self._signing.decisions() if each.node == decision.node]
        return pb.SignKeyResponse(key=_key(now))

    async def TrustOwner(
        self, request: pb.TrustOwnerRequest, context: Context
    ) -> pb.TrustOwnerResponse:
        await asyncio.to_thread(self._owner.trust, request.public_key)
        public = self._owner.public
        return pb.TrustOwnerResponse(fingerprint=point_fingerprint(public) if public else "")


def _key(decision: Decision) -> pb.NodeKey:
    reason = decision.reason
    if decision.standing == "signed":
        until = datetime.fromtimestamp(decision.ends_ms / 1000, UTC)
        reason = f"until {until:%Y-%m-%d}; signed anew before"
    state = "signed" if decision.standing == "signed" else "waits"
    shown = fingerprint(decision.key) if decision.key else ""
    return pb.NodeKey(node=decision.node, fingerprint=shown, state=state, reason=reason)
