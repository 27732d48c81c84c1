"""AuthorityService: unwraps, asks the gateway, wraps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpc.aio import Server, ServicerContext

from common.pb.postdevai.v1.enrolment_service_pb2 import InviteRequest, InviteResponse
from common.pb.postdevai.v1.enrolment_service_pb2_grpc import (
    AuthorityServiceServicer,
    add_AuthorityServiceServicer_to_server,
)
from coordinator_node.gateway.enrolment import Enrolment


class AuthorityService(AuthorityServiceServicer):
    """Served on the main port, to admins."""

    def __init__(self, enrolment: Enrolment, addresses: Callable[[], tuple[str, ...]]) -> None:
        self._enrolment = enrolment
        self._addresses = addresses

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        add_AuthorityServiceServicer_to_server(self, server)

    async def Invite(  # noqa: N802
        self, request: InviteRequest, context: ServicerContext[Any, Any]
    ) -> InviteResponse:
        """A code for one new node; never with admin, which only the owner gives."""
        invitation = await self._enrolment.invite(request.role, self._addresses())
        return InviteResponse(code=invitation.code, expires_ms=invitation.expires_ms)
