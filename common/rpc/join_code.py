"""The code that lets one new node in: where to enrol, a one-time secret, and whom to trust there.

`pd1.` and URL-safe base64 of: code id (6 bytes), secret (16), SHA-256 of the enrolment
certificate (32), addresses joined by commas, CRC-32 of all of it (4).
"""

from __future__ import annotations

import base64
import binascii
import secrets
import zlib
from dataclasses import dataclass

from common.errors import Invalid

PREFIX = "pd1."
ID_BYTES, SECRET_BYTES, PIN_BYTES, SUM_BYTES = 6, 16, 32, 4
CODE_CHARS_MAX = 1024


@dataclass(frozen=True, slots=True)
class JoinCode:
    """A code, taken apart; `pin` is hex."""

    id: str
    secret: str
    pin: str
    addresses: tuple[str, ...]

    @property
    def text(self) -> str:
        """What a person copies."""
        body = bytes.fromhex(self.id + self.secret + self.pin) + ",".join(self.addresses).encode()
        whole = body + zlib.crc32(body).to_bytes(SUM_BYTES, "big")
        return PREFIX + base64.urlsafe_b64encode(whole).decode().rstrip("=")


def new_code(pin: str, addresses: tuple[str, ...]) -> JoinCode:
    """A code with a secret that was never used."""
    return JoinCode(secrets.token_hex(ID_BYTES), secrets.token_hex(SECRET_BYTES), pin, addresses)


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
    return JoinCode(code.hex(), secret.hex(), pin.hex(), addresses)


def _bytes(text: str) -> bytes:
    inner = "".join(text.split()).removeprefix(PREFIX).partition(".")[0]
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
