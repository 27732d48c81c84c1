"""Whose sealing key is whose: the owner's word on it, and how a code vouches for a key before."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from common.errors import Denied, Invalid
from common.rpc.certificates import public_to_pem

ALGORITHM = "ES256"
KIND = "postdevai-sealing-key+jwt"
VERSION = 1
TERM_MS = 90 * 24 * 3_600_000
"""The owner's laptop signs again long before."""
LEEWAY_MS = 5 * 60_000
OFFER_CHARS_MAX = 1024
STATEMENT_CHARS_MAX = 2048
_CLAIMS = ["v", "mesh", "sub", "key", "exp"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A node's sealing key, as the owner has signed it."""

    mesh: str
    node: str
    """spiffe URI."""
    key: bytes
    """X25519, 32 bytes."""
    ends_ms: int


@dataclass(frozen=True, slots=True)
class KeyOffer:
    """A sealing key as its node tells it."""

    key: bytes
    code: str = ""
    """Id of the code that the node joined with; empty without a word from the owner in it."""
    mac: bytes = b""
    """HMAC-SHA256 over node and key under the code's secret."""

    @property
    def text(self) -> str:
        """As it travels."""
        said = {"key": _b64(self.key), "code": self.code, "mac": _b64(self.mac)}
        return json.dumps(said, separators=(",", ":"))


def sign_statement(owner: ec.EllipticCurvePrivateKey, said: Statement) -> str:
    """The owner's word: a compact JWS."""
    claims = {
        "v": VERSION,
        "mesh": said.mesh,
        "sub": said.node,
        "key": _b64(said.key),
        "exp": said.ends_ms // 1000,
    }
    return jwt.encode(claims, owner, algorithm=ALGORITHM, headers={"typ": KIND})


def read_statement(
    text: str, owner: ec.EllipticCurvePublicKey, *, mesh: str, node: str, now_ms: int
) -> Statement:
    """The statement about that node; Denied unless the owner signed it and it is in term."""
    if not text:
        raise _unsigned(f"the owner has not signed a sealing key of {node}")
    if len(text) > STATEMENT_CHARS_MAX:
        raise _unsigned("the statement about the sealing key is too long")
    try:
        head = jwt.get_unverified_header(text)
        options: Any = {"require": _CLAIMS, "verify_exp": False}
        claims = jwt.decode(text, owner, algorithms=[ALGORITHM], options=options)
        said = Statement(
            str(claims["mesh"]), str(claims["sub"]), _raw(claims["key"]), int(claims["exp"]) * 1000
        )
        version = int(claims["v"])
    except jwt.InvalidSignatureError:
        raise _unsigned("the sealing key is signed by somebody who is not the owner") from None
    except (jwt.InvalidTokenError, ValueError, TypeError) as error:
        raise _unsigned(f"the statement about the sealing key is not good: {error}") from None
    if head.get("typ") != KIND or version != VERSION:
        raise _unsigned("the statement about the sealing key is of another kind")
    if said.mesh != mesh:
        raise _unsigned("the sealing key was signed for another mesh")
    if said.node != node:
        raise _unsigned("the sealing key was signed for another node")
    if now_ms >= said.ends_ms + LEEWAY_MS:
        raise _unsigned("the owner's word on the sealing key has ended")
    public_key(said.key)
    return said


def public_key(raw: bytes) -> X25519PublicKey:
    """The key to seal for; Invalid when it is none."""
    try:
        return X25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raise Invalid("not a sealing key", field="key") from None


def vouched(secret: bytes, code: str, node: str, key: bytes) -> KeyOffer:
    """An offer that whoever made the code can check."""
    return KeyOffer(key, code, _mac(secret, node, key))


def is_vouched(offer: KeyOffer, secret: bytes, node: str) -> bool:
    """Whether the offer comes from whoever was given the code, and was not changed since."""
    return hmac.compare_digest(offer.mac, _mac(secret, node, offer.key))


def read_offer(text: str) -> KeyOffer:
    """An offer; Invalid when it is none."""
    if len(text) > OFFER_CHARS_MAX:
        raise Invalid("the offer of a sealing key is too long", field="offer")
    try:
        said = json.loads(text)
        offer = KeyOffer(_raw(said["key"]), str(said["code"])[:64], _raw(said["mac"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Invalid("the offer of a sealing key cannot be read", field="offer") from None
    public_key(offer.key)
    return offer


def fingerprint(key: bytes) -> str:
    """A key as two people compare it: 8 groups of 4 hex digits of its SHA-256."""
    digits = hashlib.sha256(key).hexdigest()[:32]
    return " ".join(digits[i : i + 4] for i in range(0, 32, 4))


def owner_fingerprint(owner: ec.EllipticCurvePublicKey) -> str:
    """The same of an owner's key."""
    return fingerprint(public_to_pem(owner))


@dataclass(frozen=True, slots=True)
class OwnersWord:
    """What a code carries for the node that joins with it, unseen by the Coordinator."""

    code: str
    """Id of the code."""
    secret: str
    """16 random bytes, hex; to vouch with."""
    owner_pem: str
    """The owner's public key."""

    @property
    def as_bytes(self) -> bytes:
        """As it is kept beside the identity."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> OwnersWord:
        """Invalid when it is none."""
        try:
            said = json.loads(data)
            return cls(str(said["code"]), str(said["secret"]), str(said["owner_pem"]))
        except (ValueError, TypeError, KeyError):
            raise Invalid("the owner's word cannot be read", field="owner") from None


def _mac(secret: bytes, node: str, key: bytes) -> bytes:
    return hmac.digest(secret, b"postdevai sealing key\0" + node.encode() + b"\0" + key, "sha256")


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _raw(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _unsigned(why: str) -> Denied:
    return Denied(why, hint="on the owner's laptop: postdevai owner", field="sealing_key")
