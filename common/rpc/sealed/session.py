"""How a caller and a node agree on keys through a Coordinator that may not learn them.

The caller wraps a secret with HPKE for the key that the owner signed, and signs all of it with
the key of its leaf; both add a key made for this session, so that a sealing key that is stolen
later opens nothing that was carried before, and an opening that is sent again leads to other keys.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from common.errors import Corrupt, Denied, Invalid, Unavailable
from common.pb.postdevai.v1.relay_service_pb2 import OpenSessionRequest, OpenSessionResponse
from common.rpc.certificates import Credential, key_from_pem, read_leaf
from common.rpc.sealed.frames import FIELD, Opener, Sealer, broken, call_key

VERSION = 1
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
SESSION_BYTES = 16
LEAF_BYTES_MAX = 8 << 10
CALLS_MAX = 1 << 31
"""A session has no more; a caller opens another long before."""
WINDOW = 4096
"""Calls of one session may overtake each other by so many."""
_LABEL = b"postdevai sealed session 1"


@dataclass(frozen=True, slots=True)
class Keys:
    """What both sides know, and nobody between them."""

    session: bytes
    up: bytes
    """From the caller."""
    down: bytes
    """To the caller."""
    caller: str
    target: str

    def sealer(self, call: int, method: str, *, up: bool) -> Sealer:
        """The sending side of one direction of a call."""
        key = call_key(self.up if up else self.down, call)
        return Sealer(key, call, self._context(method, up=up))

    def opener(self, call: int, method: str, *, up: bool) -> Opener:
        """The receiving side of it."""
        key = call_key(self.up if up else self.down, call)
        return Opener(key, call, self._context(method, up=up))

    def _context(self, method: str, *, up: bool) -> bytes:
        names = (method, self.caller, self.target)
        return b"\0".join((_LABEL, self.session, b"up" if up else b"down", *map(str.encode, names)))


@dataclass(slots=True)
class Numbers:
    """Which calls of a session there were: each number counts once."""

    _highest: int = -1
    _seen: int = field(default=0, repr=False)
    """Bit n: the call `highest - n` was there."""

    def take(self, call: int) -> None:
        """Denied when the number was used, or is so old that nobody knows."""
        if call > self._highest:
            self._seen = ((self._seen << min(call - self._highest, WINDOW)) | 1) & _MASK
            self._highest = call
            return
        back = self._highest - call
        if back >= WINDOW:
            raise broken("the call is older than the session remembers")
        if self._seen >> back & 1:
            raise broken("the call came a second time")
        self._seen |= 1 << back


_MASK = (1 << WINDOW) - 1


class Offer:
    """A session that the caller asks for. Used once."""

    def __init__(
        self, credential: Credential, caller: str, target: str, sealing_key: X25519PublicKey
    ) -> None:
        self._ephemeral = X25519PrivateKey.generate()
        self._secret = os.urandom(32)
        request = OpenSessionRequest(
            version=VERSION,
            session=os.urandom(SESSION_BYTES),
            caller=caller,
            target=target,
            ephemeral=self._ephemeral.public_key().public_bytes_raw(),
            leaf_pem=credential.leaf_pem,
        )
        request.wrapped = SUITE.encrypt(self._secret, sealing_key, info=_info(request))
        key = key_from_pem(credential.key_pem)
        request.signature = key.sign(_signed(request), ec.ECDSA(hashes.SHA256()))
        self.request = request
        """What is sent."""

    def accepted(self, answer: OpenSessionResponse) -> Keys:
        """The keys, once the node has proven that it holds the sealing key; else Denied."""
        shared = _shared(self._ephemeral, answer.ephemeral)
        keys, proof = _derived(self._secret, shared, self.request, answer.ephemeral)
        if not hmac.compare_digest(proof, answer.proof):
            raise broken("who answered does not hold the node's sealing key")
        return keys


def accept(
    request: OpenSessionRequest,
    *,
    own_uri: str,
    sealing_key: X25519PrivateKey,
    ca_pem: bytes,
    now_ms: int,
) -> tuple[Keys, OpenSessionResponse]:
    """The node's side: Denied unless the caller's leaf is this mesh's and its key has signed."""
    if request.version != VERSION:
        raise Invalid(f"sealing of version {request.version} is not spoken here", field=FIELD)
    if request.target != own_uri:
        raise broken("the session was meant for another node")
    if len(request.session) != SESSION_BYTES or len(request.leaf_pem) > LEAF_BYTES_MAX:
        raise broken("its opening is malformed")
    _check_caller(request, ca_pem, now_ms)
    try:
        secret = SUITE.decrypt(request.wrapped, sealing_key, info=_info(request))
    except (InvalidTag, ValueError):
        raise Unavailable(
            "the session was sealed for another key of this node", field=FIELD
        ) from None
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    shared = _shared(ephemeral, request.ephemeral)
    keys, proof = _derived(secret, shared, request, public)
    return keys, OpenSessionResponse(ephemeral=public, proof=proof)


def _check_caller(request: OpenSessionRequest, ca_pem: bytes, now_ms: int) -> None:
    try:
        leaf = read_leaf(request.leaf_pem)
        certificate = x509.load_pem_x509_certificate(request.leaf_pem)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca_pem))
    except (Corrupt, Invalid, ValueError, TypeError, InvalidSignature):
        raise broken("the caller's certificate is not of this mesh") from None
    if leaf.identity.uri != request.caller:
        raise broken("the caller's certificate names another node")
    if not leaf.not_before_ms <= now_ms < leaf.not_after_ms:
        raise Denied("the caller's certificate has expired", hint="connect again after renewal")
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise broken("the caller's certificate is not of this mesh")
    try:
        key.verify(request.signature, _signed(request), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise broken("its opening is not signed by the caller") from None


def _shared(own: X25519PrivateKey, other: bytes) -> bytes:
    try:
        return own.exchange(X25519PublicKey.from_public_bytes(other))
    except ValueError:
        raise broken("its opening is malformed") from None


def _derived(
    secret: bytes, shared: bytes, request: OpenSessionRequest, answered: bytes
) -> tuple[Keys, bytes]:
    transcript = hashlib.sha256(_signed(request) + answered).digest()
    derived = HKDF(hashes.SHA256(), 96, salt=transcript, info=_LABEL).derive(secret + shared)
    keys = Keys(request.session, derived[:32], derived[32:64], request.caller, request.target)
    return keys, hmac.digest(derived[64:], b"proof" + transcript, "sha256")


def _info(request: OpenSessionRequest) -> bytes:
    """What the wrapped secret is bound to."""
    said = (request.session, request.caller.encode(), request.target.encode(), request.ephemeral)
    return _joined(_LABEL, b"wrap", *said, request.leaf_pem)


def _signed(request: OpenSessionRequest) -> bytes:
    """What the caller signs."""
    return _joined(b"open", _info(request), request.wrapped)


def _joined(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
