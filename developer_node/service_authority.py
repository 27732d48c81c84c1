"""AuthorityService on the local API: the owner puts nodes out and looks back, by the laptop."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, TypeVar

import grpc.aio
from grpc.aio import Channel

from common.pb.postdevai.v1 import enrolment_service_pb2 as pb
from common.pb.postdevai.v1.enrolment_service_pb2_grpc import (
    AuthorityServiceServicer,
    AuthorityServiceStub,
    add_AuthorityServiceServicer_to_server,
)

T = TypeVar("T")

Context = grpc.aio.ServicerContext[Any, Any]

ANSWER_S = 4.0
LOG_S = 30.0
"""For calls that read the whole log."""


class Coordinator(Protocol):
    """How the laptop asks one."""

    async def ask_coordinator(
        self, fn: Callable[[Channel], Awaitable[T]], *, idempotent: bool = True
    ) -> T:
        """The answer, or one of the seven errors."""
        ...


class AuthorityDoor(AuthorityServiceServicer):
    """Passes on what it is asked as it is; the Coordinator looks whether this laptop is an
    admin's. Codes are DeveloperService's."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_AuthorityServiceServicer_to_server(self, server)

    async def Revoke(self, request: pb.RevokeRequest, context: Context) -> pb.RevokeResponse:
        async def call(channel: Channel) -> pb.RevokeResponse:
            return await AuthorityServiceStub(channel).Revoke(request, timeout=ANSWER_S)

        return await self._coordinator.ask_coordinator(call)

    async def ReadAudit(
        self, request: pb.ReadAuditRequest, context: Context
    ) -> AsyncIterator[pb.ReadAuditResponse]:
        async def call(channel: Channel) -> list[pb.ReadAuditResponse]:
            stream = AuthorityServiceStub(channel).ReadAudit(request, timeout=LOG_S)
            return [each async for each in stream]

        for response in await self._coordinator.ask_coordinator(call):
            yield response

    async def VerifyAudit(
        self, request: pb.VerifyAuditRequest, context: Context
    ) -> pb.VerifyAuditResponse:
        async def call(channel: Channel) -> pb.VerifyAuditResponse:
            return await AuthorityServiceStub(channel).VerifyAudit(request, timeout=LOG_S)

        return await self._coordinator.ask_coordinator(call)
