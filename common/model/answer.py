"""Hits, the parts of an answer, and how fresh they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from common.model.ids import ContentHash, EventId, WorkingCopyId

HitKind = Literal["code", "event", "failure"]


@dataclass(frozen=True, slots=True)
class ProjectFreshness:
    """How much of one working copy an answer knows about."""

    project: str
    working_copy: str
    """Path on the laptop."""
    indexed_commit: str = ""
    head_commit: str = ""
    """As the laptop last reported it."""
    files_behind: int = 0
    """Reported but not yet indexed; -1 while the first scan runs."""
    copy: WorkingCopyId = WorkingCopyId("")
    """Of this working copy: two laptops may have clones at the same path."""
    machine: str = ""
    """Host name of its laptop, for people; empty when it was not told."""


AwaySource = Literal["mirror", "files", "cache", "model"]


@dataclass(frozen=True, slots=True)
class Away:
    """Says of an answer that it was made on the laptop, without the Dragon."""

    source: AwaySource
    sentence: str
    """For people."""
    as_of_ms: int = 0
    """What it rests on was so then; 0 when it is of now."""
    waiting: int = 0
    """Records that wait for the Dragon."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How much an answer knows about."""

    projects: tuple[ProjectFreshness, ...] = ()
    events_behind: int = 0
    vectors_share: float = 0.0
    """Share of chunks that have a vector, 0 to 1."""
    words_behind: int = 0
    """Records applied but not yet in the index of words."""
    not_asked: tuple[str, ...] = ()
    """Indexes that could not be asked, each a sentence; an answer with any is partial."""
    asleep: tuple[str, ...] = ()
    """Names of projects that sleep on the SSD and were therefore not asked."""
    away: Away | None = None
    """What the laptop says of an answer that the Dragon did not give; None when it did."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a file as it was indexed."""

    project: str
    working_copy: str
    path: str
    start_line: int
    """From 1."""
    end_line: int
    """Inclusive."""
    symbol: str = ""
    commit: str = ""
    blob: ContentHash = ContentHash("")
    dirty: bool = False
    score: float = 0.0
    """Comparable within one answer only."""
    why: tuple[str, ...] = ()
    text: str = ""
    """Its lines; of an event, the lines of its output that were found."""
    kind: HitKind = "code"
    event: EventId = EventId("")
    """The event, when the hit is one."""
    language: str = ""
    at_ms: int = 0
    """When it happened, or when this version was saved."""


@dataclass(frozen=True, slots=True)
class AskTurn:
    """A question and its answer, as they were."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class AskRequest:
    """A question."""

    question: str
    project: str = ""
    """Name or id; empty for all."""
    max_tokens: int = 0
    """0 means 256."""
    model: str = ""
    """Who is to answer, by name; empty leaves it to the Dragon."""
    before: tuple[AskTurn, ...] = ()
    """What was said before in this conversation, oldest first, at most 8."""
    pinned: tuple[str, ...] = ()
    """Files that stand first among the passages, relative to their working copy, at most 20."""
    excluded: tuple[str, ...] = ()
    """Files, or directories that end in a slash, from which no passage is taken, at most 50."""
    note: str = ""
    """What the person wants every answer to know; at most 2,000 characters."""
    preview: bool = False
    """Passages and the prompt, and no model speaks."""


@dataclass(frozen=True, slots=True)
class AskPassages:
    """First part: what the answer rests on."""

    passages: tuple[Hit, ...] = ()
    """In the order of their markers, from 1."""
    freshness: Freshness = field(default_factory=Freshness)
    model: str = ""
    """Empty when no model will speak."""
    demonstration: bool = False
    """A model under a thousand million parameters: its prose is not to be trusted."""
    without_model: str = ""
    """Why no model speaks; empty when one does."""
    prompt: str = ""
    """What the model is given, as one text; only when a preview was asked for."""


@dataclass(frozen=True, slots=True)
class AskText:
    """The model's words, appended to what came before."""

    text: str


@dataclass(frozen=True, slots=True)
class AskEnd:
    """Last part."""

    answer: str = ""
    """Markers that name no passage are removed."""
    citations: tuple[Hit, ...] = ()
    """What the answer names, in order; else the best passages, each saying so first in `why`."""
    finish: Literal["stop", "length", "cancelled", "none"] = "none"
    completion_tokens: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt's, how many were read before and are remembered."""
    note: str = ""
    """What is to be said of who spoke: another model and why, or none and why."""


AskPart = AskPassages | AskText | AskEnd
