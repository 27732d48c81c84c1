"""What the laptop's daemon says to the front ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    refusal: str = ""
    """Why the Dragon takes nothing of it, and what to do; empty when it does."""


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


CircuitState = Literal["closed", "open", "trying"]


@dataclass(frozen=True, slots=True)
class Circuit:
    """How the calls to one service of another node fare."""

    name: str
    """lake, inference, assistant or registry."""
    state: CircuitState
    """closed: calls go through. open: they are refused at once. trying: one is under way."""
    failures: int = 0
    """In a row."""
    retry_at_ms: int = 0
    """When the next call is let through; 0 when calls go through."""
    sentence: str = ""
    """Why the last call failed; empty when it did not."""
    relayed: bool = False
    """The last call went through a Coordinator, sealed: nothing connects directly."""


@dataclass(frozen=True, slots=True)
class NearStatus:
    """What this laptop remembers by itself, for when the Dragon is away."""

    away: bool = False
    """The Dragon does not answer: questions are answered here."""
    away_since_ms: int = 0
    """0 while it is there, and where this daemon has never heard it."""
    symptoms: int = 0
    """Failures by fingerprint."""
    events: int = 0
    bytes: int = 0
    """On disk."""
    bytes_max: int = 0
    """At this size the oldest go."""
    as_of_ms: int = 0
    """The Dragon's memory as it was then; 0 before the first time."""
    model: str = ""
    """The small model here; empty when none is configured."""
    verdicts_waiting: int = 0
    sentence: str = ""
    """What is wrong with it, or why it is empty; empty when nothing is."""


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
    api_version: str = ""
    """Of the local API, major.minor: within a major number things are only added."""
    circuits: tuple[Circuit, ...] = ()
    """By name."""
    near: NearStatus | None = None
    """None while the laptop keeps no mirror."""
    node: str = ""
    """Its own id among the nodes."""
    put_out: str = ""
    """Why this laptop is in its mesh no longer: its owner put it out; empty while it is."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """Something about the mesh changed."""

    dragon: bool
    coordinator: bool
    waiting: int
    sentence: str = ""
    """For the person; empty when all is well."""


@dataclass(frozen=True, slots=True)
class FeedGap:
    """What a reader missed."""

    missed: int
    """-1 when that is not known."""
    sentence: str


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One thing in the live feed; the cursor starts anew with the daemon."""

    cursor: int
    item: Event | Suggestion | FeedState | FeedGap
    epoch: str = ""
    """Of the daemon's life: cursors of different epochs have nothing to do with each other."""


OpenReason = Literal["open", "saved", "failed"]


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that was worked on."""

    path: str
    """Relative to the working copy."""
    reason: OpenReason
    """open: an editor has it. saved: in this session. failed: a failure names it."""
    at_ms: int


@dataclass(frozen=True, slots=True)
class WorkContext:
    """What is being worked on, and what answers are given of it."""

    working_copy: str = ""
    """Absolute path; empty when nothing is watched."""
    project: str = ""
    branch: str = ""
    """Empty when HEAD is detached or there are no commits."""
    head: str = ""
    files: tuple[OpenFile, ...] = ()
    """Newest first, at most 50."""
    session_started_ms: int = 0
    """Since then no hour passed without something recorded here."""
    commands: int = 0
    failed_commands: int = 0
    last_command: str = ""
    last_exit_code: int = 0
    pinned: tuple[str, ...] = ()
    """Files that stand first among the passages of every answer."""
    excluded: tuple[str, ...] = ()
    """Files, or directories that end in a slash, from which answers take nothing."""
    note: str = ""
    """What every answer is told."""


@dataclass(frozen=True, slots=True)
class ContextEdit:
    """What answers are given, in place of what was set before."""

    working_copy: str = ""
    """Absolute path; empty for the one that was worked in last."""
    pinned: tuple[str, ...] = ()
    """At most 20."""
    excluded: tuple[str, ...] = ()
    """At most 50."""
    note: str = ""
    """At most 2,000 characters."""
