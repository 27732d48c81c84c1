"""AuthorityService: unwraps, asks the gateway, wraps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from grpc.aio import Server, ServicerContext

from common.errors import Invalid
from common.pb.postdevai.v1 import enrolment_service_pb2 as pb
from common.pb.postdevai.v1.enrolment_service_pb2_grpc import (
    AuthorityServiceServicer,
    add_AuthorityServiceServicer_to_server,
)
from common.rpc.peers import peer_identity
from common.wire.translate import to_pb
from coordinator_node.gateway.acts import Acts
from coordinator_node.gateway.audit import Audit

Context = ServicerContext[Any, Any]


class AuthorityService(AuthorityServiceServicer):
    """Served on the main port, to admins; and to each node that leaves."""

    def __init__(self, acts: Acts, audit: Audit, addresses: Callable[[], tuple[str, ...]]) -> None:
        self._acts = acts
        self._audit = audit
        self._addresses = addresses

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        add_AuthorityServiceServicer_to_server(self, server)

    async def Invite(  # noqa: N802
        self, request: pb.InviteRequest, context: Context
    ) -> pb.InviteResponse:
        """A code for one new node; never with admin, which only the owner gives."""
        by = peer_identity(context).uri
        invitation = await self._acts.invite(by, request.role, self._addresses())
        return pb.InviteResponse(code=invitation.code, expires_ms=invitation.expires_ms)

    async def Revoke(  # noqa: N802
        self, request: pb.RevokeRequest, context: Context
    ) -> pb.RevokeResponse:
        """Puts a node out; never the one that asks, which would not hear the answer."""
        by = peer_identity(context)
        if request.node_id and by.id.startswith(request.node_id):
            raise Invalid(
                f"{by.id} is this laptop itself",
                hint=f"on the Coordinator's machine: coordinator-node revoke {by.id}",
                field="node_id",
            )
        member = await self._acts.revoke(by.uri, request.node_id)
        return pb.RevokeResponse(node_id=member.id, role=member.role)

    async def Leave(  # noqa: N802
        self, request: pb.LeaveRequest, context: Context
    ) -> pb.LeaveResponse:
        """Puts the caller out, by its own word."""
        await self._acts.leave(peer_identity(context))
        return pb.LeaveResponse()

    async def ReadAudit(  # noqa: N802
        self, request: pb.ReadAuditRequest, context: Context
    ) -> AsyncIterator[pb.ReadAuditResponse]:
        """Lines, oldest first."""
        for line in await self._audit.lines(request.since_ms):
            yield pb.ReadAuditResponse(line=to_pb(line, pb.AuditLine))

    async def VerifyAudit(  # noqa: N802
        self, request: pb.VerifyAuditRequest, context: Context
    ) -> pb.VerifyAuditResponse:
        """Looks at every line."""
        return pb.VerifyAuditResponse(check=to_pb(await self._audit.check(), pb.AuditCheck))
