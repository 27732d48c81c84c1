"""What is asked of the lake, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from common.model.answer import Freshness, Hit
from common.model.event import Event, EventKind
from common.model.ids import Origin

SearchMode = Literal["fused", "literal", "regex"]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search over code."""

    query: str
    mode: SearchMode = "fused"
    k: int = 10
    """1 to 1,000."""
    project: str = ""
    """Name or id; empty for all."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Best first; literal and regex in path and line order."""

    hits: tuple[Hit, ...] = ()
    complete: bool = True
    """False when the limit cut the list."""
    freshness: Freshness = field(default_factory=Freshness)


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which events."""

    limit: int = 50
    """1 to 1,000."""
    kind: EventKind | Literal[""] = ""
    since_ms: int = 0
    project: str = ""
    before_cursor: int = 0
    """Only events older than this cursor; 0 for the newest."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An event in a list; a command's output text is left out."""

    cursor: int
    event: Event
    project: str
    """Name; empty outside any."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Newest first."""

    entries: tuple[HistoryEntry, ...] = ()
    freshness: Freshness = field(default_factory=Freshness)


@dataclass(frozen=True, slots=True)
class OriginStats:
    """One outbox, as the Dragon knows it."""

    origin: Origin
    applied: int
    refused: int
    missing: int
    """Sequences that never arrived, because the outbox no longer had them."""


@dataclass(frozen=True, slots=True)
class LakeStats:
    """Sizes, budget and positions."""

    bytes: int
    budget_bytes: int
    ram: bool
    back_end: str
    """tmpfs, shm, hdiutil or directory."""
    path: str
    lsn: int
    journal_bytes: int
    projects: int = 0
    files: int = 0
    chunks: int = 0
    vectors: int = 0
    events: int = 0
    failures: int = 0
    remedies: int = 0
    origins: tuple[OriginStats, ...] = ()
    why: str = ""
    """Why it lies there and nowhere better."""
    freshness: Freshness = field(default_factory=Freshness)
