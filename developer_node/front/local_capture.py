"""How front ends import what other tools have kept, and end a watch, through the daemon."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import grpc.aio

from common.model.laptop import WatchedRepository
from common.model.remedy import ImportProgress
from common.pb.postdevai.v1 import capture_service_pb2 as pb
from common.pb.postdevai.v1.capture_service_pb2_grpc import CaptureServiceStub
from common.wire.translate import from_pb
from developer_node.front.local_refusals import answer, refusals

if TYPE_CHECKING:
    from common.pb.postdevai.v1.capture_service_pb2_grpc import CaptureServiceAsyncStub

QUICK_S = 5.0


class LocalCapture:
    """CaptureService behind the local API."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub: CaptureServiceAsyncStub = CaptureServiceStub(channel)
        self._metadata = metadata

    async def bring_in(self, source: str, path: str = "") -> AsyncGenerator[ImportProgress]:
        """Counts as it goes. Closing ends it; what was recorded stays."""
        request = pb.ImportRequest(source=source, path=path)
        call = self._stub.Import(request, metadata=self._metadata)
        try:
            with refusals():
                async for message in call:
                    yield from_pb(message.progress, ImportProgress)
        finally:
            call.cancel()

    async def unwatch(self, path: str) -> tuple[WatchedRepository, ...]:
        """Follows a repository no more; what is watched still."""
        request = pb.UnwatchRequest(path=path)
        call = self._stub.Unwatch(request, timeout=QUICK_S, metadata=self._metadata)
        left = (await answer(call)).repositories
        return tuple(from_pb(each, WatchedRepository) for each in left)
