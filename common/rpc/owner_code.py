"""What the owner's laptop adds to a code that the Coordinator made, and the Coordinator never sees.

After a dot, URL-safe base64 of: a secret (16 bytes), the owner's public key as a compressed point
(33), CRC-32 of both and of the code before them (4).
"""

from __future__ import annotations

import base64
import binascii
import secrets
import zlib

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common.errors import Invalid
from common.rpc.certificates import public_to_pem
from common.rpc.join_code import PREFIX, read_code
from common.rpc.sealed.statement import OwnersWord

SECRET_BYTES, POINT_BYTES, SUM_BYTES = 16, 33, 4


def with_owner(code: str, owner: ec.EllipticCurvePublicKey) -> tuple[str, OwnersWord]:
    """The code with the owner's part, and what to remember until the node comes."""
    secret = secrets.token_bytes(SECRET_BYTES)
    body = secret + owner.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    part = base64.urlsafe_b64encode(body + _sum(code, body)).decode().rstrip("=")
    word = OwnersWord(read_code(code).id, secret.hex(), public_to_pem(owner).decode())
    return f"{code}.{part}", word


def owners_word(text: str) -> OwnersWord | None:
    """The owner's part of a code; None when it has none, Invalid when it is not whole."""
    whole = "".join(text.split()).removeprefix(PREFIX)
    inner, dot, part = whole.partition(".")
    if not dot:
        return None
    code = PREFIX + inner
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        body, given = raw[:-SUM_BYTES], raw[-SUM_BYTES:]
        if len(body) != SECRET_BYTES + POINT_BYTES or given != _sum(code, body):
            raise ValueError("not whole")
        point = body[SECRET_BYTES:]
        owner = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (binascii.Error, ValueError):
        raise Invalid(
            "the end of the join code is missing or wrong",
            hint="copy the whole line that `postdevai invite` printed",
            field="code",
        ) from None
    secret = body[:SECRET_BYTES].hex()
    return OwnersWord(read_code(code).id, secret, public_to_pem(owner).decode())


def _sum(code: str, body: bytes) -> bytes:
    return zlib.crc32(code.encode() + body).to_bytes(SUM_BYTES, "big")
