"""What the laptops of one owner share: entries that merge, and what a person sees of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from common.model.ids import NodeId

EntryKind = Literal["setting", "pin", "note", "text", "member", "replica"]
"""note: that a note is there; text: what it says; member: of a set that only grows; replica: the
name of a laptop's machine. All but text and member are fields: the last writer wins."""
ItemKind = Literal["setting", "pin", "note"]
NOBODY = NodeId("")

Vector = Mapping[NodeId, int]
"""Of each replica the newest stamp that was seen."""


@dataclass(frozen=True, slots=True, order=True)
class Dot:
    """One write: a stamp is never given twice by a replica."""

    stamp: int
    replica: NodeId


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """What an entry is of."""

    kind: EntryKind
    scope: str
    """The project; empty for what holds everywhere."""
    key: str


@dataclass(frozen=True, slots=True)
class Written:
    """A value and the write that made it."""

    dot: Dot
    value: bytes | None
    """None when it was removed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The value that holds, what lost against it unseen, and what its writers had seen."""

    name: Name
    values: tuple[Written, ...]
    """Newest first, at least one; after the first come those that lost, one a replica at most."""
    seen: Vector

    @property
    def holds(self) -> Written:
        """The newest."""
        return self.values[0]

    @property
    def lost(self) -> tuple[Written, ...]:
        """Values whose writer, and the writer of the newest, knew nothing of each other."""
        return self.values[1:]


@dataclass(frozen=True, slots=True)
class Delta:
    """What one replica tells another."""

    entries: tuple[Entry, ...] = ()
    since: Vector = field(default_factory=dict[NodeId, int])
    """The receiver must have seen this, else there would be a gap."""
    upto: Vector = field(default_factory=dict[NodeId, int])
    """What the receiver has seen once it is merged."""
    more: bool = False
    """There was no room for all."""


@dataclass(frozen=True, slots=True)
class LostValue:
    """A value that lost against another, and that nobody has looked at since."""

    value: str
    removed: bool
    who: str
    """The name of the machine where it was written."""
    at_ms: int


@dataclass(frozen=True, slots=True)
class SharedItem:
    """One thing that laptops share, as a person sees it."""

    kind: ItemKind
    scope: str
    key: str
    value: str = ""
    """Of a note its text, or its first line in a list."""
    removed: bool = False
    """It is told only for what lost against its removal."""
    who: str = ""
    at_ms: int = 0
    waits: bool = False
    """The Coordinator does not have it yet."""
    lost: tuple[LostValue, ...] = ()
    version: bytes = b""
    """Of a note: the text that a change starts from."""
    size: int = 0
    """Of a note: bytes of its text."""


@dataclass(frozen=True, slots=True)
class SharedSession:
    """What is being worked on in a project, as its one writer said it."""

    scope: str
    seq: int = 0
    epoch: int = 0
    node: NodeId = NOBODY
    machine: str = ""
    at_ms: int = 0
    branch: str = ""
    files: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """How what is shared stands on this laptop."""

    waiting: int = 0
    """Edits that the Coordinator does not have yet."""
    exchanged_ms: int = 0
    """When the last exchange came to its end; 0 for never."""
    sentence: str = ""
    """Why the last one did not; empty when it did."""
    fields: int = 0
    notes: int = 0
    fields_max: int = 0
    notes_max: int = 0
    lost: tuple[SharedItem, ...] = ()
    sessions: tuple[SharedSession, ...] = ()
    machine: str = ""
    bytes: int = 0
    """On disk."""
