"""The authority, as an admin uses it: codes for new nodes; and the last word of a node."""

from __future__ import annotations

from grpc import StatusCode
from grpc.aio import AioRpcError, Channel

from common.clients.coordinators import Coordinators
from common.clock import SystemClock
from common.errors import PostDevAIError, Unavailable
from common.model.node import Invitation, Role
from common.pb.postdevai.v1.enrolment_service_pb2 import InviteRequest, LeaveRequest
from common.pb.postdevai.v1.enrolment_service_pb2_grpc import AuthorityServiceStub
from common.rpc.channel import Channels
from common.rpc.credentials import NodeIdentity
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
            if error.code() is StatusCode.DEADLINE_EXCEEDED:
                raise Unavailable(
                    f"the Coordinator gave no code in {CALL_S:.0f} s",
                    hint="it may wait for its engine: on its machine type `postdevai mesh engine`",
                ) from None
            refused = error_from_rpc(error)
            refused.hint = refused.hint.replace("invite ROLE", f"invite {role}")
            raise refused from None
        return Invitation(given.code, given.expires_ms)


async def take_leave(identity: NodeIdentity) -> None:
    """For a node that does not run and leaves for good: from now on it is put out.

    Said once: where the answer is lost it may be, which `postdevai nodes` tells.
    """
    channels = Channels(identity, SystemClock())

    async def say(channel: Channel) -> None:
        await AuthorityServiceStub(channel).Leave(LeaveRequest(), timeout=CALL_S)

    try:
        await Coordinators(identity, channels).ask(say, idempotent=False)
    finally:
        await channels.close()


async def last_word(identity: NodeIdentity) -> str:
    """Takes leave where a Coordinator hears it; what came of it, and what is left to do."""
    own = identity.identity.id
    try:
        await take_leave(identity)
    except PostDevAIError as error:
        return (
            f"It is not put out of the mesh yet: {error.message.rstrip('.')}. Whoever has a copy "
            f"of its key is let in with it until its certificate ends, within a day. To end that "
            f"now, at the first laptop: postdevai revoke {own}"
        )
    return f"It is put out of the mesh: whoever has a copy of its key is refused as {own}."
