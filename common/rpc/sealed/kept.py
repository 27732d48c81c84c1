"""What a node keeps on disk for sealed calls, beside its certificates.

DIRECTORY/sealing.key   this node's X25519 key, hex; made when it is first wanted
DIRECTORY/owner.json    what the owner's code carried: its secret, and the owner's public key
DIRECTORY/owner.pem     the owner's public key, as the owner's own laptop, or a person, put it there
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.daemon.files import write_private
from common.errors import Corrupt, Invalid
from common.rpc.certificates import public_from_pem, public_to_pem
from common.rpc.sealed.statement import KeyOffer, OwnersWord, vouched

KEY, WORD, OWNER = "sealing.key", "owner.json", "owner.pem"


def sealing_key(directory: Path) -> X25519PrivateKey:
    """This node's key, made where there is none."""
    path = directory / KEY
    if not path.exists():
        write_private(path, X25519PrivateKey.generate().private_bytes_raw().hex().encode())
    try:
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text("ascii")))
    except ValueError as error:
        raise Corrupt(f"{path} does not hold a key", hint="remove it; the owner signs anew") from (
            error
        )


def offer(directory: Path, node: str) -> KeyOffer:
    """This node's key with what vouches for it; `node` is its spiffe URI."""
    key = sealing_key(directory).public_key().public_bytes_raw()
    word = _word(directory)
    if word is None:
        return KeyOffer(key)
    return vouched(bytes.fromhex(word.secret), word.code, node, key)


def owner_key(directory: Path) -> ec.EllipticCurvePublicKey | None:
    """Whom this node takes for the owner; None when nobody told it."""
    path = directory / OWNER
    if path.exists():
        return _public(path.read_bytes(), path)
    word = _word(directory)
    return _public(word.owner_pem.encode(), directory / WORD) if word else None


def keep_word(directory: Path, word: OwnersWord) -> None:
    """Keeps what a code carried."""
    write_private(directory / WORD, word.as_bytes)


def keep_owner(directory: Path, owner: ec.EllipticCurvePublicKey) -> None:
    """Takes this key for the owner's from now on; nothing when it is known already."""
    pem, path = public_to_pem(owner), directory / OWNER
    if not path.exists() or path.read_bytes() != pem:
        write_private(path, pem)


def _word(directory: Path) -> OwnersWord | None:
    try:
        return OwnersWord.from_bytes((directory / WORD).read_bytes())
    except FileNotFoundError:
        return None
    except Invalid as error:
        raise Corrupt(f"{directory / WORD} cannot be read", hint="remove it") from error


def _public(pem: bytes, path: Path) -> ec.EllipticCurvePublicKey:
    try:
        return public_from_pem(pem)
    except Invalid as error:
        raise Corrupt(f"{path} does not hold the owner's key", hint="remove it") from error
