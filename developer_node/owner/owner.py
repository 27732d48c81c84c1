"""The owner's key on this laptop, and what it has signed.

DIRECTORY/owner.key    the owner's private key, PEM, 0600; on the first laptop alone
DIRECTORY/owner.json   codes that this laptop gave and whose node has not come; keys it has signed
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common.clock import Clock
from common.daemon.files import write_private
from common.errors import Conflict, Corrupt, Invalid, Missing, PostDevAIError
from common.model.node import Identity
from common.rpc.certificates import key_from_pem, key_to_pem, new_key, read_leaf
from common.rpc.owner_code import with_owner
from common.rpc.sealed import kept
from common.rpc.sealed.statement import (
    TERM_MS,
    Statement,
    fingerprint,
    read_statement,
    sign_statement,
)
from developer_node.owner.deciding import CODES_MAX, Code, Decision, Known, Told, decide


class Owner:
    """The key and its memory. It reads and writes small files, so it is called from a thread."""

    def __init__(
        self, directory: Path, identity_directory: Path, identity: Identity, clock: Clock
    ) -> None:
        self._directory = directory
        self._identity_directory = identity_directory
        self._identity = identity
        self._clock = clock
        path = directory / "owner.key"
        self._key = key_from_pem(path.read_bytes()) if path.exists() else None
        self._codes, self._signed = _memory(directory / "owner.json")
        if self._key is not None:
            kept.keep_owner(identity_directory, self._key.public_key())
        self._trusted = kept.owner_key(identity_directory)

    @property
    def signs(self) -> bool:
        """Whether the key is here."""
        return self._key is not None

    @property
    def public(self) -> ec.EllipticCurvePublicKey | None:
        """Whom this laptop takes for the owner."""
        return self._trusted

    def init(self) -> None:
        """Makes the key where there is none; Conflict when another laptop has it."""
        if self._key is not None:
            return
        if self._trusted is not None:
            raise Conflict(
                "the owner's key is on another laptop",
                hint="sign there; or remove identity/owner.pem and owner.json to begin anew",
            )
        key = new_key()
        write_private(self._directory / "owner.key", key_to_pem(key))
        self._key, self._trusted = key, key.public_key()
        kept.keep_owner(self._identity_directory, self._trusted)

    def trust(self, public_key: str) -> None:
        """Takes this key for the owner's; Conflict while this laptop signs with its own."""
        if self._key is not None:
            raise Conflict("this laptop holds the owner's key itself")
        self._trusted = public_from_text(public_key)
        kept.keep_owner(self._identity_directory, self._trusted)

    def added_to(self, code: str) -> str:
        """The code with the owner's part; as it is where the key is not here."""
        if self._key is None:
            return code
        text, word = with_owner(code, self._key.public_key())
        self._codes[word.code] = Code(word.secret, self._clock.now_ms())
        while len(self._codes) > CODES_MAX:
            del self._codes[next(iter(self._codes))]
        self._keep()
        return text

    def decide(self, told: Told) -> Decision:
        """What becomes of a key that the Coordinator tells."""
        known = Known(self._own_keys(), self._signed, self._codes)
        return decide(told, self._signed_until_ms(told), known, self._clock.now_ms())

    def sign(self, decision: Decision) -> str:
        """The owner's word on the key; it is remembered before it is given."""
        if self._key is None:
            raise Missing("the owner's key is not on this laptop", hint="see: postdevai owner")
        self._codes.pop(decision.code, None)
        self._signed[decision.node] = decision.key
        self._keep()
        ends_ms = self._clock.now_ms() + TERM_MS
        said = Statement(self._identity.mesh, decision.node, decision.key, ends_ms)
        return sign_statement(self._key, said)

    def _signed_until_ms(self, told: Told) -> int:
        owner = self._key.public_key() if self._key else self._trusted
        if owner is None or not told.statement:
            return 0
        mesh, now_ms = self._identity.mesh, self._clock.now_ms()
        try:
            said = read_statement(told.statement, owner, mesh=mesh, node=told.node, now_ms=now_ms)
        except PostDevAIError:
            return 0
        return said.ends_ms if base64.urlsafe_b64encode(said.key).decode() in told.offer else 0

    def _own_keys(self) -> dict[str, bytes]:
        """Of the Dragon of this HOME: its certificate tells its name, its file its key."""
        directory = self._directory.parent / "dragon" / "identity"
        try:
            node = read_leaf((directory / "leaf.pem").read_bytes()).identity.uri
            if not (directory / kept.KEY).exists():
                return {}
            key = kept.sealing_key(directory).public_key().public_bytes_raw()
        except (OSError, PostDevAIError):
            return {}
        return {node: key}

    def _keep(self) -> None:
        said = {
            "codes": {name: asdict(code) for name, code in self._codes.items()},
            "signed": {node: key.hex() for node, key in self._signed.items()},
        }
        write_private(self._directory / "owner.json", json.dumps(said, indent=1).encode())


def owner_key(directory: Path) -> Callable[[], ec.EllipticCurvePublicKey | None]:
    """Reads whom a node takes for the owner, each time it is asked."""
    return lambda: kept.owner_key(directory)


def public_text(key: ec.EllipticCurvePublicKey) -> str:
    """A public key as a person copies it."""
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return base64.urlsafe_b64encode(point).decode()


def public_from_text(text: str) -> ec.EllipticCurvePublicKey:
    """Invalid when it is none."""
    try:
        point = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise Invalid(
            "this is not an owner's key, or a part of it is missing",
            hint="copy what `postdevai owner` prints on the owner's laptop",
            field="public_key",
        ) from None


def point_fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """To compare by eye."""
    return fingerprint(key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))


def _memory(path: Path) -> tuple[dict[str, Code], dict[str, bytes]]:
    try:
        said = json.loads(path.read_bytes())
        codes = {str(name): Code(**code) for name, code in said["codes"].items()}
        return codes, {str(n): bytes.fromhex(key) for n, key in said["signed"].items()}
    except FileNotFoundError:
        return {}, {}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Corrupt(f"{path} cannot be read", hint="remove it; nodes are signed anew") from error
