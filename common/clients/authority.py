"""The authority, as an admin uses it: codes for new nodes."""

from __future__ import annotations

from grpc.aio import AioRpcError, Channel

from common.model.node import Invitation, Role
from common.pb.postdevai.v1.enrolment_service_pb2 import InviteRequest
from common.pb.postdevai.v1.enrolment_service_pb2_grpc import AuthorityServiceStub
from common.rpc.status import error_from_rpc

CALL_S = 5.0


class AuthorityClient:
    """Calls on the Coordinator's main port that need admin."""

    def __init__(self, channel: Channel) -> None:
        self._stub = AuthorityServiceStub(channel)

    async def invite(self, role: Role) -> Invitation:
        """A code for one new node of that role, good once, for ten minutes."""
        try:
            given = await self._stub.Invite(InviteRequest(role=role), timeout=CALL_S)
        except AioRpcError as error:
            raise error_from_rpc(error) from None
        return Invitation(given.code, given.expires_ms)
