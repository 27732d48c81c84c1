"""EnrolmentService: unwraps, asks the gateway, wraps."""

from __future__ import annotations

from typing import Any

from grpc.aio import Server, ServicerContext

from common.model.ids import NodeId
from common.pb.postdevai.v1.enrolment_service_pb2 import (
    ChallengeRequest,
    ChallengeResponse,
    EnrolRequest,
    EnrolResponse,
    RenewRequest,
    RenewResponse,
)
from common.pb.postdevai.v1.enrolment_service_pb2_grpc import (
    EnrolmentServiceServicer,
    add_EnrolmentServiceServicer_to_server,
)
from coordinator_node.gateway.enrolment import Enrolment

Context = ServicerContext[Any, Any]


class EnrolmentService(EnrolmentServiceServicer):
    """Served on the enrolment port, to callers without a certificate."""

    def __init__(
        self, enrolment: Enrolment, ca_pem: bytes, identity_uri: str, address: str
    ) -> None:
        self._enrolment = enrolment
        self._ca_pem = ca_pem.decode()
        self._identity_uri = identity_uri
        self._address = address

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        add_EnrolmentServiceServicer_to_server(self, server)

    async def Enrol(self, request: EnrolRequest, context: Context) -> EnrolResponse:  # noqa: N802
        """A code for a leaf."""
        issued = await self._enrolment.enrol(
            request.code_id,
            request.secret,
            request.csr_pem,
            request.sealing_key,
            tuple(request.roles),
        )
        return EnrolResponse(
            leaf_pem=issued.leaf_pem.decode(),
            ca_pem=self._ca_pem,
            node_id=issued.identity.id,
            coordinator_address=self._address,
            coordinator_identity=self._identity_uri,
            sealed_grant=issued.sealed_grant,
        )

    async def Challenge(  # noqa: N802
        self, request: ChallengeRequest, context: Context
    ) -> ChallengeResponse:
        """A nonce for one renewal."""
        return ChallengeResponse(nonce=self._enrolment.challenge(NodeId(request.node_id)))

    async def Renew(self, request: RenewRequest, context: Context) -> RenewResponse:  # noqa: N802
        """A leaf for a key that proves itself."""
        issued = await self._enrolment.renew(
            NodeId(request.node_id), request.nonce, request.csr_pem, request.signature
        )
        return RenewResponse(leaf_pem=issued.leaf_pem.decode(), ca_pem=self._ca_pem)
