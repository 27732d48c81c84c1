"""The enrolment port, as a node sees it: no CA yet, one certificate that the code pins."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from grpc.aio import AioRpcError, Channel

from common.clock import Clock, SystemClock
from common.daemon.addresses import parted
from common.errors import Denied, Unavailable
from common.model.ids import NodeId
from common.model.node import Role
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
    sealed_grant: bytes = b""
    """For one more Coordinator; see coordinator_node/gateway/grant.py."""


async def enrol(
    code: JoinCode,
    key: ec.EllipticCurvePrivateKey,
    clock: Clock,
    *,
    csr_pem: str = "",
    sealing_key: bytes = b"",
    roles: Sequence[Role] = (),
) -> Enrolled:
    """Spends the code for a leaf; Denied when it is used, expired or unknown. Invalid, and the
    code stays good, when there are `roles` and it is for another one.

    One more Coordinator brings a sealing key, and the request that the answer is bound to.
    """
    async with _pinned(code.addresses, code.pin, clock) as (channel, address):
        request = EnrolRequest(
            code_id=code.id,
            secret=code.secret,
            csr_pem=csr_pem or request_pem(key),
            sealing_key=sealing_key,
            roles=roles,
        )
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
        given.sealed_grant,
    )


async def renew(
    node: NodeId, key: ec.EllipticCurvePrivateKey, addresses: Sequence[str], pin: str
) -> tuple[bytes, bytes]:
    """A new leaf and the CA, for a key that proves itself; works after the leaf has expired."""
    async with _pinned(addresses, pin) as (channel, _):
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
async def _pinned(
    addresses: Sequence[str], pin: str, clock: Clock | None = None
) -> AsyncGenerator[tuple[Channel, str]]:
    """A channel to the first address that shows the pinned certificate; all are asked at once."""
    address, certificate = await _found(tuple(dict.fromkeys(addresses)), pin)
    _began(certificate, clock or SystemClock())
    async with _channel(address, certificate) as channel:
        yield channel, address


async def _found(addresses: Sequence[str], pin: str) -> tuple[str, str]:
    """An address and the pinned certificate that it shows."""
    why: dict[str, str] = {}
    others: list[str] = []
    asked = [asyncio.ensure_future(_shown(each)) for each in addresses]
    try:
        for answer in asyncio.as_completed(asked):
            address, shown, refused = await answer
            if shown and pin_of(shown) == pin:
                return address, shown
            why[address] = refused
            others += [address] if shown else []
    finally:
        for each in asked:
            each.cancel()
    if others:
        raise Denied(
            f"another Coordinator answers at {', '.join(others)}: its certificate is not the"
            " pinned one",
            hint="check the address, or ask for a new code",
        )
    tried = ", ".join(f"{each} ({why[each]})" for each in addresses)
    raise Unavailable(
        f"no Coordinator answers at {tried}",
        hint="is it running, and does it listen where this machine can reach it?",
    )


def clock_off(off_ms: int) -> str:
    """That this machine's clock is wrong; `off_ms` is what it lacks, negative when it is ahead."""
    minutes = max(1, round(abs(off_ms) / 60_000))
    how = f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"
    return f"the clock of this machine is at least {how} {'behind' if off_ms > 0 else 'ahead'}"


SET_CLOCK = "set the clock, then try the same code again"


def _began(certificate: str, clock: Clock) -> None:
    """Denied when the certificate begins later than this machine believes that it is now."""
    begins = x509.load_pem_x509_certificate(certificate.encode()).not_valid_before_utc
    lacks_ms = int(begins.timestamp() * 1000) - clock.now_ms()
    if lacks_ms > 0:
        raise Denied(clock_off(lacks_ms), hint=SET_CLOCK)


def _channel(address: str, certificate: str) -> Channel:
    options = (
        *OPTIONS,
        ("grpc.ssl_target_name_override", ENROLMENT_DNS),
        ("grpc.default_authority", ENROLMENT_DNS),
    )
    credentials = grpc.ssl_channel_credentials(certificate.encode())
    return grpc.aio.secure_channel(address, credentials, options)


async def _shown(address: str) -> tuple[str, str, str]:
    """An address, the certificate that is shown there, or why there is none."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE  # the pin decides
    try:
        host, port = parted(address)
        async with asyncio.timeout(FETCH_S):
            _, writer = await asyncio.open_connection(host, port, ssl=anybody)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
        return address, ssl.DER_cert_to_PEM_cert(shown), ""
    except TimeoutError:
        return address, "", f"no answer within {FETCH_S:g} s"
    except ConnectionRefusedError:
        return address, "", "refused"
    except (OSError, ValueError, OverflowError) as error:
        return address, "", getattr(error, "strerror", None) or str(error) or "no certificate"


def _same_host(reached: str, told: str) -> str:
    """The Coordinator's port at the host that answered: it may have many addresses."""
    return f"{reached.rpartition(':')[0]}:{told.rpartition(':')[2]}"
