"""Who belongs to the mesh and what was done about it, as front ends ask the laptop's daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc.aio

from common.model.audit import AuditCheck, AuditLine
from common.pb.postdevai.v1 import enrolment_service_pb2 as pb
from common.pb.postdevai.v1.enrolment_service_pb2_grpc import AuthorityServiceStub
from common.wire.translate import from_pb
from developer_node.front.local_refusals import answer, refusals

if TYPE_CHECKING:
    from common.pb.postdevai.v1.enrolment_service_pb2_grpc import AuthorityServiceAsyncStub

ANSWER_S = 10.0
LOG_S = 40.0


class LocalAuthority:
    """AuthorityService behind the local API; Denied where this laptop is no admin's."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub: AuthorityServiceAsyncStub = AuthorityServiceStub(channel)
        self._metadata = metadata

    async def revoke(self, named: str) -> tuple[str, str]:
        """Makes a node unwelcome; its whole id and its role."""
        request = pb.RevokeRequest(node_id=named)
        call = self._stub.Revoke(request, timeout=ANSWER_S, metadata=self._metadata)
        done = await answer(call)
        return done.node_id, done.role

    async def audit(self, since_ms: int) -> tuple[AuditLine, ...]:
        """Lines of the audit log written since then, oldest first."""
        request = pb.ReadAuditRequest(since_ms=since_ms)
        call = self._stub.ReadAudit(request, timeout=LOG_S, metadata=self._metadata)
        with refusals():
            return tuple([from_pb(each.line, AuditLine) async for each in call])

    async def verify(self) -> AuditCheck:
        """Whether all of it is there as it was written."""
        request = pb.VerifyAuditRequest()
        call = self._stub.VerifyAudit(request, timeout=LOG_S, metadata=self._metadata)
        return from_pb((await answer(call)).check, AuditCheck)
