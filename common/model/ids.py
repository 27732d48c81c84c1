"""Identities: who names what, and how a name is made."""

from __future__ import annotations

import hashlib
import os
import time
from typing import NewType

NodeId = NewType("NodeId", str)
"""Hash of a node's first enrolled key, fixed for life: 16 hex digits."""

ProjectId = NewType("ProjectId", str)
"""What clones of one repository share: 16 hex digits, given by the Dragon."""

WorkingCopyId = NewType("WorkingCopyId", str)
"""One clone on one disk: 16 hex digits, from machine and path; empty outside any."""

EventId = NewType("EventId", str)
"""32 hex digits, sortable by time of making."""

ContentHash = NewType("ContentHash", str)
"""BLAKE2b-128 of content, 32 hex digits; empty when no content is kept."""

Fingerprint = NewType("Fingerprint", str)
"""The identity of a failure, 32 hex digits; survives moved lines and other directories."""

Origin = NewType("Origin", str)
"""An outbox: 128 random bits made with its file, 32 hex digits."""

BLOB_BYTES_MAX = 1 << 20
"""Content larger than this is not kept: a file is then known by name, size and git id."""


def content_hash(data: bytes) -> ContentHash:
    """BLAKE2b-128 of the raw content."""
    return ContentHash(hashlib.blake2b(data, digest_size=16).hexdigest())


def short_hash(*parts: str) -> str:
    """16 hex digits of the parts; no two lists of parts are joined alike."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def card_id(event_id: EventId, n: int) -> str:
    """Of the card about the failure in place `n` of an event: whoever makes it names it alike."""
    return short_hash("card", event_id, str(n), "a") * 2


def new_event_id() -> EventId:
    """48 bits of milliseconds, then 80 random bits: sorts by time, never repeats."""
    millis = time.time_ns() // 1_000_000
    return EventId(f"{millis & (1 << 48) - 1:012x}{os.urandom(10).hex()}")


def working_copy_id(machine_id: str, path: str) -> WorkingCopyId:
    """The same path on the same machine is the same working copy."""
    return WorkingCopyId(short_hash("working copy", machine_id, path))
