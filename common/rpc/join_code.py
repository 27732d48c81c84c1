"""The code that lets one new node in: where to enrol, a one-time secret, and whom to trust there.

`pd1.`, or `pdc1.` for one more Coordinator, and URL-safe base64 of: code id (6 bytes), secret
(16), SHA-256 of the enrolment certificate (32), addresses joined by commas, CRC-32 of all that (4).
"""

from __future__ import annotations

import base64
import binascii
import secrets
import zlib
from dataclasses import dataclass

from common.errors import Invalid

PREFIX = "pd1."
FOR_COORDINATOR = "pdc1."
"""It opens the mesh's keys, so that it is told from the others at a glance."""
ID_BYTES, SECRET_BYTES, PIN_BYTES, SUM_BYTES = 6, 16, 32, 4
CODE_CHARS_MAX = 1024


@dataclass(frozen=True, slots=True)
class JoinCode:
    """A code, taken apart; `pin` is hex."""

    id: str
    secret: str
    pin: str
    addresses: tuple[str, ...]
    for_coordinator: bool = False
    """What the code claims; the Coordinator that made it knows."""

    @property
    def text(self) -> str:
        """What a person copies."""
        body = bytes.fromhex(self.id + self.secret + self.pin) + ",".join(self.addresses).encode()
        whole = body + zlib.crc32(body).to_bytes(SUM_BYTES, "big")
        prefix = FOR_COORDINATOR if self.for_coordinator else PREFIX
        return prefix + base64.urlsafe_b64encode(whole).decode().rstrip("=")


def new_code(pin: str, addresses: tuple[str, ...], *, for_coordinator: bool = False) -> JoinCode:
    """A code with a secret that was never used."""
    code, secret = secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES)
    return JoinCode(code, secret, pin, addresses, for_coordinator)


def read_code(text: str) -> JoinCode:
    """The parts of a code; Invalid when a character is missing or wrong."""
    whole = _bytes(text)
    body, checksum = whole[:-SUM_BYTES], whole[-SUM_BYTES:]
    fixed = ID_BYTES + SECRET_BYTES + PIN_BYTES
    if len(body) <= fixed or zlib.crc32(body).to_bytes(SUM_BYTES, "big") != checksum:
        raise _wrong()
    code, secret, pin = (
        body[:ID_BYTES],
        body[ID_BYTES : ID_BYTES + SECRET_BYTES],
        body[ID_BYTES + SECRET_BYTES : fixed],
    )
    addresses = tuple(body[fixed:].decode("utf-8", "replace").split(","))
    return JoinCode(code.hex(), secret.hex(), pin.hex(), addresses, is_for_coordinator(text))


def is_for_coordinator(text: str) -> bool:
    """Whether it claims to be a code for one more Coordinator."""
    return "".join(text.split()).startswith(FOR_COORDINATOR)


def _bytes(text: str) -> bytes:
    bare = "".join(text.split()).removeprefix(PREFIX).removeprefix(FOR_COORDINATOR)
    inner = bare.partition(".")[0]
    if len(inner) > CODE_CHARS_MAX:
        raise _wrong()
    try:
        return base64.b64decode(inner + "=" * (-len(inner) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _wrong() from None


def _wrong() -> Invalid:
    return Invalid(
        "this is not a join code, or a part of it is missing",
        hint="copy the whole line that `postdevai invite` printed",
        field="code",
    )
