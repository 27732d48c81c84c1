"""The sealing keys of a mesh, as the owner's laptop asks for them."""

from __future__ import annotations

from typing import Any, cast

from grpc.aio import Channel

from common.pb.postdevai.v1 import sealing_service_pb2 as pb
from common.pb.postdevai.v1.sealing_service_pb2_grpc import SealingServiceStub

CALL_S = 5.0


class SealingClient:
    """Calls on the Coordinator's main port; raises gRPC's own errors."""

    def __init__(self, channel: Channel) -> None:
        self._stub = cast(Any, SealingServiceStub(channel))

    async def keys(self) -> tuple[tuple[str, str, str], ...]:
        """Node, offer and statement of every key that a node told."""
        given = await self._stub.ListKeys(pb.ListKeysRequest(), timeout=CALL_S)
        return tuple((key.node, key.offer, key.statement) for key in given.keys)

    async def keep(self, node: str, statement: str) -> None:
        """Hands over what the owner has signed."""
        request = pb.KeepStatementRequest(node=node, statement=statement)
        await self._stub.KeepStatement(request, timeout=CALL_S)
