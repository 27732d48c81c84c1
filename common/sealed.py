"""Small files sealed whole: ChaCha20-Poly1305 under a key of their kind, a fresh nonce each time.

8 bytes    magic: kind and format
8 bytes    id of the key, so that another key is told from damage
12 bytes   nonce
the rest   ciphertext and its tag; magic and key id are authenticated with it
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from common.daemon.keys import ID_BYTES, SealingKey
from common.errors import Corrupt, Denied

MAGIC_BYTES = 8
_NONCE_BYTES = 12
_HEAD = MAGIC_BYTES + ID_BYTES


def seal(key: SealingKey, magic: bytes, data: bytes) -> bytes:
    """A sealed file's bytes. `magic` names its kind and format in 8 bytes."""
    head = magic + bytes.fromhex(key.id)
    nonce = os.urandom(_NONCE_BYTES)
    return head + nonce + _cipher(key, magic).encrypt(nonce, data, head)


def unseal(key: SealingKey, magic: bytes, sealed: bytes, name: str) -> bytes:
    """What was sealed. `name` is the file's, for the sentence.

    Corrupt when it is torn, changed or of another kind; Denied when another key has sealed it.
    """
    if sealed[:MAGIC_BYTES] != magic or len(sealed) < _HEAD + _NONCE_BYTES:
        raise Corrupt(f"{name} is torn, or was never of this kind")
    head, nonce = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE_BYTES]
    if (other := head[MAGIC_BYTES:].hex()) != key.id:
        raise Denied(f"{name} is sealed with key {other}, and this one is {key.id}")
    try:
        return _cipher(key, magic).decrypt(nonce, sealed[_HEAD + _NONCE_BYTES :], head)
    except InvalidTag as error:
        raise Corrupt(f"{name} is torn or was changed: its seal does not hold") from error


def _cipher(key: SealingKey, magic: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(key.derived(magic.decode("latin-1").strip()))
