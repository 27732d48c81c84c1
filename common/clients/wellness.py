"""Whether a node is there at all: the smallest call that it answers."""

from __future__ import annotations

from typing import Any

from grpc.aio import Channel, Metadata
from grpc_health.v1 import health_pb2, health_pb2_grpc

from common.rpc.routed import Routed


class WellnessClient:
    """Calls by whichever route there is. Raises the seven errors."""

    def __init__(self, routed: Routed) -> None:
        self._routed = routed

    async def look(self, timeout_s: float) -> None:
        """Returns when it answers, whatever it says of itself; Unavailable when it does not."""

        async def call(channel: Channel, metadata: Metadata) -> Any:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            request = health_pb2.HealthCheckRequest()
            return await stub.Check(request, metadata=metadata, timeout=timeout_s)

        await self._routed.call(call)
