"""RegistryService on the local API: front ends ask where work would go, and pin projects."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import grpc.aio
from grpc.aio import Channel

from common.pb.postdevai.v1 import registry_service_pb2 as pb
from common.pb.postdevai.v1.registry_service_pb2_grpc import (
    RegistryServiceServicer,
    RegistryServiceStub,
    add_RegistryServiceServicer_to_server,
)
from common.rpc.repeatable import is_repeatable

R = TypeVar("R")
T = TypeVar("T")

Context = grpc.aio.ServicerContext[Any, Any]

ANSWER_S = 4.0


class Coordinator(Protocol):
    """How the laptop asks one."""

    async def ask_coordinator(
        self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True
    ) -> T:
        """The answer, or one of the seven errors."""
        ...


class MeshDoor(RegistryServiceServicer):
    """Passes on what it is asked as it is. Leases and tickets are for nodes."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_RegistryServiceServicer_to_server(self, server)

    async def ExplainRoute(
        self, request: pb.ExplainRouteRequest, context: Context
    ) -> pb.ExplainRouteResponse:
        return await self._answer("ExplainRoute", request, pb.ExplainRouteResponse)

    async def PinProject(
        self, request: pb.PinProjectRequest, context: Context
    ) -> pb.PinProjectResponse:
        return await self._answer("PinProject", request, pb.PinProjectResponse)

    async def UnpinProject(
        self, request: pb.UnpinProjectRequest, context: Context
    ) -> pb.UnpinProjectResponse:
        return await self._answer("UnpinProject", request, pb.UnpinProjectResponse)

    async def _answer(self, method: str, request: Any, response: type[R]) -> R:
        async def call(channel: Channel) -> R:
            return await getattr(RegistryServiceStub(channel), method)(request, timeout=ANSWER_S)

        idempotent = is_repeatable(f"RegistryService/{method}")
        return await self._coordinator.ask_coordinator(call, idempotent=idempotent)
