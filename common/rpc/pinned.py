"""The enrolment port, as a node sees it: no CA yet, one certificate that the code pins."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import grpc
from cryptography.hazmat.primitives.asymmetric import ec
from grpc.aio import AioRpcError, Channel

from common.errors import Denied, Unavailable
from common.model.ids import NodeId
from common.pb.postdevai.v1.enrolment_service_pb2 import (
    ChallengeRequest,
    EnrolRequest,
    RenewRequest,
)
from common.pb.postdevai.v1.enrolment_service_pb2_grpc import EnrolmentServiceStub
from common.rpc.certificates import request_pem, sign_renewal
from common.rpc.channel import OPTIONS
from common.rpc.join_code import JoinCode
from common.rpc.status import error_from_rpc

ENROLMENT_DNS = "enrolment.postdevai"
FETCH_S = 5.0
CALL_S = 10.0


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the Coordinator gave for a code."""

    leaf_pem: bytes
    ca_pem: bytes
    coordinator_address: str
    coordinator_identity: str
    enrolment_address: str


async def enrol(code: JoinCode, key: ec.EllipticCurvePrivateKey) -> Enrolled:
    """Spends the code for a leaf; Denied when it is used, expired or unknown."""
    async with _pinned(code.addresses, code.pin) as (channel, address):
        request = EnrolRequest(code_id=code.id, secret=code.secret, csr_pem=request_pem(key))
        try:
            given = await EnrolmentServiceStub(channel).Enrol(request, timeout=CALL_S)
        except AioRpcError as error:
            raise error_from_rpc(error) from None
    return Enrolled(
        given.leaf_pem.encode(),
        given.ca_pem.encode(),
        _same_host(address, given.coordinator_address),
        given.coordinator_identity,
        address,
    )


async def renew(
    node: NodeId, key: ec.EllipticCurvePrivateKey, address: str, pin: str
) -> tuple[bytes, bytes]:
    """A new leaf and the CA, for a key that proves itself; works after the leaf has expired."""
    async with _pinned((address,), pin) as (channel, _):
        stub = EnrolmentServiceStub(channel)
        csr = request_pem(key)
        try:
            challenge = await stub.Challenge(ChallengeRequest(node_id=node), timeout=CALL_S)
            request = RenewRequest(
                node_id=node,
                nonce=challenge.nonce,
                csr_pem=csr,
                signature=sign_renewal(key, challenge.nonce, csr),
            )
            given = await stub.Renew(request, timeout=CALL_S)
        except AioRpcError as error:
            raise error_from_rpc(error) from None
    return given.leaf_pem.encode(), given.ca_pem.encode()


def pin_of(certificate_pem: str) -> str:
    """SHA-256 of a certificate, hex."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate_pem)).hexdigest()


@contextlib.asynccontextmanager
async def _pinned(addresses: Sequence[str], pin: str) -> AsyncGenerator[tuple[Channel, str]]:
    """A channel to the first address that shows the pinned certificate."""
    refused: Denied | None = None
    for address in addresses:
        try:
            shown = await asyncio.to_thread(_fetch, address)
        except (OSError, ValueError):
            continue
        if pin_of(shown) != pin:
            refused = Denied(
                f"another Coordinator answers at {address}: its certificate is not the pinned one",
                hint="check the address, or ask for a new code",
            )
            continue
        async with _channel(address, shown) as channel:
            yield channel, address
        return
    raise refused or Unavailable(
        f"no Coordinator answers at {', '.join(addresses)}", hint="is it running?"
    )


def _channel(address: str, certificate: str) -> Channel:
    options = (
        *OPTIONS,
        ("grpc.ssl_target_name_override", ENROLMENT_DNS),
        ("grpc.default_authority", ENROLMENT_DNS),
    )
    credentials = grpc.ssl_channel_credentials(certificate.encode())
    return grpc.aio.secure_channel(address, credentials, options)


def _fetch(address: str) -> str:
    host, _, port = address.rpartition(":")
    return ssl.get_server_certificate((host.strip("[]"), int(port)), timeout=FETCH_S)


def _same_host(reached: str, told: str) -> str:
    """The Coordinator's port at the host that answered: it may have many addresses."""
    return f"{reached.rpartition(':')[0]}:{told.rpartition(':')[2]}"
