"""One direction of one call as sealed frames: AES-256-GCM, a counter as nonce, all else bound.

A frame is flags (1 byte), the call's number (4), its own sequence (8), and the sealed content.
The additional data are these and the context: session, direction, method, caller, target. So a
frame opens only in its own place of its own call.
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.errors import Denied

HEADER = struct.Struct(">BIQ")
NONCE = struct.Struct(">4xQ")
OVERHEAD = HEADER.size + 16
TURN_FRAMES = 1 << 16
TURN_BYTES = 1 << 30
TURN_S = 600.0
"""After so much under one key, or so long, a direction goes on under the next."""
FIELD = "seal"


class Flag:
    """What a frame holds: bits. No IntFlag, whose arithmetic costs more than the sealing."""

    HEAD: Final = 1
    """Content begins with the call's head: its length (4 bytes), then the head."""
    MESSAGE: Final = 2
    """Content is a message."""
    END: Final = 4
    """The last of its direction; without MESSAGE its content is the status, empty for OK."""
    TURN: Final = 8
    """After this frame the direction goes on under its next key."""


def broken(why: str) -> Denied:
    """The refusal of a frame."""
    return Denied(f"the sealed call is refused: {why}", field=FIELD)


class Sealer:
    """The sending side. Sequences rise by one; nobody seals twice under one nonce."""

    def __init__(
        self, key: bytes, call: int, context: bytes, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._key = key
        self._aead = AESGCM(key)
        self._call = call
        self._context = context
        self._now = now
        self._seq = 0
        self._frames = self._bytes = 0
        self._began = now()

    def seal(self, flags: int, content: bytes) -> bytes:
        """The next frame."""
        self._frames += 1
        self._bytes += len(content)
        if self._is_spent():
            flags |= Flag.TURN
        header = HEADER.pack(flags, self._call, self._seq)
        nonce = NONCE.pack(self._seq)
        frame = header + self._aead.encrypt(nonce, content, self._context + header)
        self._seq += 1
        if flags & Flag.TURN:
            self._turn()
        return frame

    def _is_spent(self) -> bool:
        if self._frames >= TURN_FRAMES or self._bytes >= TURN_BYTES:
            return True
        return self._now() - self._began >= TURN_S

    def _turn(self) -> None:
        self._key = next_key(self._key)
        self._aead = AESGCM(self._key)
        self._frames = self._bytes = 0
        self._began = self._now()


class Opener:
    """The receiving side; Denied for whatever is not the next frame as it was sealed."""

    def __init__(self, key: bytes, call: int, context: bytes) -> None:
        self._key = key
        self._aead = AESGCM(key)
        self._call = call
        self._context = context
        self._seq = 0
        self.ended = False
        """The frame that says so has come."""

    def open(self, frame: bytes) -> tuple[int, bytes]:
        """What the next frame holds."""
        if self.ended:
            raise broken("a frame came after the end")
        if len(frame) < OVERHEAD:
            raise broken("a frame is too short")
        flags, call, seq = HEADER.unpack_from(frame)
        if call != self._call:
            raise broken("a frame of another call came")
        if seq < self._seq:
            raise broken("a frame came a second time")
        if seq > self._seq:
            raise broken("frames are missing or came in another order")
        header, content = frame[: HEADER.size], memoryview(frame)[HEADER.size :]
        try:
            opened = self._aead.decrypt(NONCE.pack(seq), content, self._context + header)
        except InvalidTag:
            raise broken("a frame was changed, or sealed for another call") from None
        self._seq += 1
        if flags & Flag.TURN:
            self._key = next_key(self._key)
            self._aead = AESGCM(self._key)
        self.ended = bool(flags & Flag.END)
        return flags, opened


def next_key(key: bytes) -> bytes:
    """The key that follows; nobody can go back from it."""
    return hashlib.blake2b(b"turn", key=key, digest_size=32).digest()


def call_key(key: bytes, call: int) -> bytes:
    """The key of one call in one direction of a session; keyed BLAKE2b, as HMAC takes ten times as
    long."""
    return hashlib.blake2b(b"call" + call.to_bytes(4, "big"), key=key, digest_size=32).digest()


def with_head(head: bytes, content: bytes) -> bytes:
    """Content of a frame with a head."""
    return len(head).to_bytes(4, "big") + head + content


def parted(content: bytes) -> tuple[bytes, bytes]:
    """The head and what follows it."""
    length = int.from_bytes(content[:4], "big")
    if len(content) < 4 + length:
        raise broken("its head is cut")
    return content[4 : 4 + length], content[4 + length :]
