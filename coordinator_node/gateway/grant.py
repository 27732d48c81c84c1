"""What makes another machine a Coordinator of this mesh: the CA, the enrolment key, the way to
the engine, the owner's rules. It travels sealed for the one key that came with the code."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from common.errors import Conflict, Corrupt, Invalid
from common.rpc.sealed.session import SUITE
from coordinator_node.engine.settings import EngineSettings, NatsSettings, read_settings
from coordinator_node.gateway.authority import FILES
from coordinator_node.gateway.own_rules import DIRECTORY as RULES

TLS_FILES = ("key.pem", "leaf.pem", "ca.pem")
GRANT_BYTES_MAX = 1 << 20
_LABEL = b"postdevai coordinator grant 1"


@dataclass(frozen=True, slots=True)
class Grant:
    """All of it in the clear: only ever in the memory of a Coordinator and of the one to be."""

    authority: dict[str, str]
    """The files of the CA, by name."""
    nats: NatsSettings
    """Where the state is; without a server of one's own."""
    tls: dict[str, str]
    """What is shown to the engine's servers; empty where the mesh's own CA makes it."""
    rules: dict[str, str]
    """The owner's rule files, by name."""


def grant_of(directory: Path) -> Grant:
    """Of the Coordinator in HOME/coordinator; Conflict where its state is in a file."""
    settings = read_settings(directory)
    nats = nats_of(settings)
    tls = Path(nats.tls) if nats.tls else None
    return Grant(
        {name: (directory / "authority" / name).read_text("ascii") for name in FILES},
        replace(nats, own=None, tls=""),
        {name: (tls / name).read_text("ascii") for name in TLS_FILES} if tls else {},
        {path.name: path.read_text("utf-8") for path in (directory / RULES).glob("*.cedar")},
    )


def nats_of(settings: EngineSettings) -> NatsSettings:
    """Where several Coordinators may meet; Conflict where the state is in a file."""
    if settings.engine != "nats" or settings.nats is None:
        raise Conflict(
            "the state is in a file of this machine, which no other Coordinator can use",
            hint="first `postdevai mesh migrate --to nats`; docs/engine.md has the steps",
        )
    return settings.nats


def sealed(grant: Grant, sealing_key: bytes, code: str, secret: str, csr_pem: str) -> bytes:
    """For whoever holds that key and typed that code; Invalid when it is no key."""
    try:
        key = X25519PublicKey.from_public_bytes(sealing_key)
        data = json.dumps(asdict(grant)).encode()
        return SUITE.encrypt(data, key, info=_info(code, secret, csr_pem))
    except ValueError:
        raise Invalid("the sealing key is no X25519 key", field="sealing_key") from None


def opened(data: bytes, key: X25519PrivateKey, code: str, secret: str, csr_pem: str) -> Grant:
    """What was sealed; Corrupt when it was not for this key and this code, or is not whole."""
    try:
        if len(data) > GRANT_BYTES_MAX:
            raise ValueError("too large")
        said = json.loads(SUITE.decrypt(data, key, info=_info(code, secret, csr_pem)))
        there = said["nats"]
        servers = tuple(str(url) for url in there["servers"])
        nats = NatsSettings(str(there["space"]), servers, int(there["replicas"]))
        parts = [
            {str(k): str(v) for k, v in said[p].items()} for p in ("authority", "tls", "rules")
        ]
        names = [name for part in parts for name in part]
        if set(parts[0]) != set(FILES) or any(PurePosixPath(name).name != name for name in names):
            raise ValueError("other files than a Coordinator has")
    except (InvalidTag, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Corrupt(
            "what the Coordinator sent was not sealed for this machine, or is not whole",
            hint="try again with a new code",
        ) from error
    return Grant(parts[0], nats, parts[1], parts[2])


def _info(code: str, secret: str, csr_pem: str) -> bytes:
    """What the seal is bound to, beside the key."""
    parts = (_LABEL, code.encode(), secret.encode(), csr_pem.encode())
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
