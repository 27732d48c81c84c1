"""What the Coordinator asks of whatever keeps its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and the revision that wrote it; revisions rise with every write."""

    key: str
    value: bytes
    revision: int


class Kv(Protocol):
    """Keys and values with compare-and-set; a write that returned survives a crash."""

    async def get(self, key: str) -> Entry | None:
        """The entry, or None."""
        ...

    async def put(self, key: str, value: bytes, *, expected: int | None = None) -> int:
        """Writes and returns the new revision.

        With `expected` the key must have that revision, 0 meaning that it must not exist;
        else Conflict, and nothing is written.
        """
        ...

    async def entries(self, prefix: str) -> tuple[Entry, ...]:
        """All entries whose key begins so, by key."""
        ...
