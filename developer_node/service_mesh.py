"""RegistryService on the local API: front ends ask where work would go, and pin projects."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import grpc.aio
from grpc.aio import Channel

from common.errors import PostDevAIError
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

Move = Callable[[str, str], Awaitable[bool]]

log = logging.getLogger(__name__)


class Coordinator(Protocol):
    """How the laptop asks one."""

    async def ask_coordinator(
        self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True
    ) -> T:
        """The answer, or one of the seven errors."""
        ...


class MeshDoor(RegistryServiceServicer):
    """Passes on what it is asked as it is. Leases and tickets are for nodes."""

    def __init__(self, coordinator: Coordinator, move: Move | None = None) -> None:
        """`move` copies a project to a Dragon that does not hold it, by their ids, and places it
        there; it says whether there was something to be copied."""
        self._coordinator = coordinator
        self._move = move
        self._moving: set[asyncio.Task[bool]] = set()

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_RegistryServiceServicer_to_server(self, server)

    async def ListNodes(
        self, request: pb.ListNodesRequest, context: Context
    ) -> pb.ListNodesResponse:
        return await self._answer("ListNodes", request, pb.ListNodesResponse)

    async def ExplainRoute(
        self, request: pb.ExplainRouteRequest, context: Context
    ) -> pb.ExplainRouteResponse:
        return await self._answer("ExplainRoute", request, pb.ExplainRouteResponse)

    async def PinProject(
        self, request: pb.PinProjectRequest, context: Context
    ) -> pb.PinProjectResponse:
        if self._move is not None and not request.copied:
            # It goes on to its end when nobody waits any more.
            task = asyncio.create_task(self._moved(self._move, request))
            self._moving.add(task)
            task.add_done_callback(self._moving.discard)
            if await asyncio.shield(task):
                return pb.PinProjectResponse(moved=True)
        return await self._answer("PinProject", request, pb.PinProjectResponse)

    async def _moved(self, move: Move, request: pb.PinProjectRequest) -> bool:
        try:
            return await move(request.project, request.node)
        except PostDevAIError as error:
            log.warning("project %s was not moved: %s", request.project, error.message)
            raise

    async def UnpinProject(
        self, request: pb.UnpinProjectRequest, context: Context
    ) -> pb.UnpinProjectResponse:
        return await self._answer("UnpinProject", request, pb.UnpinProjectResponse)

    async def _answer(self, method: str, request: Any, response: type[R]) -> R:
        async def call(channel: Channel) -> R:
            return await getattr(RegistryServiceStub(channel), method)(request, timeout=ANSWER_S)

        idempotent = is_repeatable(f"RegistryService/{method}")
        return await self._coordinator.ask_coordinator(call, idempotent=idempotent)
