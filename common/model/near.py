"""What the Dragon tells a laptop of its failure memory, so that it remembers without it."""

from __future__ import annotations

from dataclasses import dataclass

from common.model.failure import Recollection
from common.model.ids import EventId, Fingerprint
from common.model.lake import HistoryEntry


@dataclass(frozen=True, slots=True)
class HeldSymptom:
    """A symptom that a mirror holds."""

    fingerprint: Fingerprint
    values: str
    stamp: str
    """As it was told with it."""


@dataclass(frozen=True, slots=True)
class FollowMemoryRequest:
    """What a laptop's mirror holds already."""

    epoch: str = ""
    """Of the memory that its cursor is of; empty when it holds no events."""
    cursor: int = 0
    """Events up to this one are held."""
    held: tuple[HeldSymptom, ...] = ()
    since_ms: int = 0
    """Symptoms that were last seen before this are not wanted."""


@dataclass(frozen=True, slots=True)
class MirroredSymptom:
    """A symptom as it is remembered: a failure with these values."""

    fingerprint: Fingerprint
    values: str
    stamp: str
    """Changes with whatever is remembered of it."""
    newest: int
    """Of the record that it was last seen in, in the order of the journal."""
    at_ms: int
    """When it was last seen."""
    recollection: Recollection
    """Without freshness."""
    offered: bool = False
    """A card may say something of it: it is not held back, and not all was rejected."""
    snoozed_until_ms: int = 0
    """Put off until then; 0 when it is not."""
    why: str = ""
    """What a card says of it: why it is shown."""


@dataclass(frozen=True, slots=True)
class SymptomGone:
    """A symptom that is not remembered any more."""

    fingerprint: Fingerprint
    values: str


@dataclass(frozen=True, slots=True)
class EventsGone:
    """Events that were forgotten."""

    ids: tuple[EventId, ...]
    """At most 2,000."""


@dataclass(frozen=True, slots=True)
class MemoryReset:
    """Cursors of before mean nothing here: the events that were held go, and others follow."""

    epoch: str


@dataclass(frozen=True, slots=True)
class MemoryComplete:
    """All that there was to tell was told."""

    epoch: str
    cursor: int
    """All events up to here were told."""


Told = MirroredSymptom | SymptomGone | HistoryEntry | EventsGone | MemoryReset | MemoryComplete


@dataclass(frozen=True, slots=True)
class MemoryPart:
    """One thing that a mirror is told."""

    part: Told
