"""What the laptop's daemon says to the front ends."""

from __future__ import annotations

from dataclasses import dataclass

from common.model.event import Event
from common.model.failure import Suggestion
from common.model.ids import WorkingCopyId
from common.model.lake import LakeStats
from common.model.llm import InferenceStats, Model
from common.model.node import Node


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """What waits here."""

    waiting: int = 0
    refused: int = 0
    gaps: int = 0
    bytes: int = 0
    bytes_max: int = 0
    """At this size output bodies are dropped, oldest first; facts stay."""
    spooled: int = 0
    bodies_dropped: int = 0
    sentence: str = ""
    """What is wrong with the disk that it lies on; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class WatchedRepository:
    """A repository that is watched."""

    path: str
    working_copy: WorkingCopyId
    files: int
    """Kept by the last scan; -1 before it has ended."""
    skipped: int
    state: str
    """scanning, watching, or a sentence that says what is wrong."""


@dataclass(frozen=True, slots=True)
class LaptopStatus:
    """How things stand."""

    nodes: tuple[Node, ...] = ()
    outbox: OutboxStatus = OutboxStatus()
    lake: LakeStats | None = None
    """None while the Dragon cannot be reached."""
    models: tuple[Model, ...] = ()
    repositories: tuple[WatchedRepository, ...] = ()
    dragon_unavailable: str = ""
    """Why; empty when it can be reached."""
    coordinator_unavailable: str = ""
    inference: InferenceStats | None = None
    """None while the Dragon cannot be reached."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """Something about the mesh changed."""

    dragon: bool
    coordinator: bool
    waiting: int
    sentence: str = ""
    """For the person; empty when all is well."""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One thing in the live feed; the cursor starts anew with the daemon."""

    cursor: int
    item: Event | Suggestion | FeedState
