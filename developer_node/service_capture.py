"""CaptureService on the local API: unwraps, calls, wraps. No decision here."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

import grpc.aio

from common.model.laptop import WatchedRepository
from common.model.remedy import ImportProgress
from common.pb.postdevai.v1 import capture_service_pb2 as pb
from common.pb.postdevai.v1 import developer_service_pb2
from common.pb.postdevai.v1.capture_service_pb2_grpc import (
    CaptureServiceServicer,
    add_CaptureServiceServicer_to_server,
)
from common.wire.translate import to_pb

Context = grpc.aio.ServicerContext[Any, Any]


class Importing(Protocol):
    """Reads what other tools have kept."""

    def run(self, source: str, path: str) -> AsyncGenerator[ImportProgress]: ...


class Copies(Protocol):
    """The working copies of this machine."""

    async def unwatch(self, path: str) -> None: ...
    def repositories(self) -> tuple[WatchedRepository, ...]: ...


class CaptureDoor(CaptureServiceServicer):
    """What the laptop records besides what it watches."""

    def __init__(self, importing: Importing, copies: Copies) -> None:
        self._importing = importing
        self._copies = copies

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_CaptureServiceServicer_to_server(self, server)

    async def Import(
        self, request: pb.ImportRequest, context: Context
    ) -> AsyncGenerator[pb.ImportResponse, None]:
        async with aclosing(self._importing.run(request.source, request.path)) as steps:
            async for progress in steps:
                yield pb.ImportResponse(progress=to_pb(progress, pb.ImportProgress))

    async def Unwatch(self, request: pb.UnwatchRequest, context: Context) -> pb.UnwatchResponse:
        await self._copies.unwatch(request.path)
        left = self._copies.repositories()
        watched = [to_pb(each, developer_service_pb2.WatchedRepository) for each in left]
        return pb.UnwatchResponse(repositories=watched)
