"""Failures, what made them pass, and what is offered unasked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from common.model.answer import Freshness
from common.model.ids import EventId, Fingerprint

FailureKind = Literal[
    "build", "test", "type", "lint", "runtime", "environment", "network", "permission"
]
RemedyState = Literal["observed", "confirmed", "unproven", "ambiguous", "rejected"]
RemedyKind = Literal["code", "dependency", "environment"]
Match = Literal["same", "same, other values", "similar", "none"]
Verdict = Literal["accepted", "rejected"]
ProofVerdict = Literal["confirmed", "unproven"]


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a stack trace."""

    path: str
    """Relative to the working copy when in it, else as printed."""
    function: str = ""
    line: int = 0
    """From 1; 0 when not known. Not part of the fingerprint."""
    in_app: bool = False
    """The developer's own code, not a library's."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A tool said no."""

    tool: str
    code: str
    """The tool's own code or the exception's type."""
    kind: FailureKind
    message: str
    """As printed, redacted."""
    normalised: str
    """Without times, addresses, numbers and temporary paths."""
    test: str = ""
    """The test's node id, or the request ("GET /cart") that a running server failed at."""
    frames: tuple[Frame, ...] = ()
    """Outermost first."""
    fingerprint: Fingerprint = Fingerprint("")
    values: str = ""
    """Hash of the values that `normalised` leaves out."""
    rules_version: int = 0
    imports: tuple[str, ...] = ()
    """Files of the working copy that the test's file imports itself, conftest.py files too.
    Relative, at most 40; not part of the fingerprint."""
    reaches: tuple[str, ...] = ()
    """Files that those import in turn, nearest first, at most 400."""
    headlines: tuple[str, ...] = ()
    """What `normalised` is made from, as printed and redacted: the failure's own first, then
    "Code: message" of each cause. With it an identity can be made again when the rules change."""
    during: bool = False
    """The program still ran: no exit code had spoken. Over when the same `test` is seen to pass."""


@dataclass(frozen=True, slots=True)
class TestReport:
    """What a test runner reported about one run."""

    __test__ = False  # a noun of the domain, not a test class

    passed: tuple[str, ...] = ()
    """Node ids, as far as the runner names them."""
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    """Skipped or expected to fail."""
    passed_count: int = 0
    failed_count: int = 0
    skipped_count: int = 0
    deselected_count: int = 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a failure happened."""

    event_id: EventId
    at_ms: int
    project: str
    cwd: str
    commit: str
    command: str
    message: str
    ci: bool = False
    """Recorded where CI is set: on no desk of a person."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of trying a remedy again: the failing tree rebuilt, with and without it."""

    verdict: ProofVerdict
    at_ms: int
    reason: str = ""
    """Why it is not confirmed, in a sentence; empty when it is."""
    red: int = 0
    """Runs of the failing tree that failed with the same fingerprint."""
    green: int = 0
    """Runs with the remedy that passed."""
    runs: int = 0
    """Runs that were wanted of each."""
    event_id: EventId = EventId("")
    """The event that holds the output."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What made a failure pass, and how much is known about that."""

    id: str
    state: RemedyState
    kind: RemedyKind
    commit: str = ""
    """The commit that carries it; empty while uncommitted or gone."""
    label: str = ""
    """Short commit and subject, "uncommitted", "commit gone, diff kept"."""
    diff: str = ""
    """Unified diff of `paths`."""
    command: str = ""
    """The command that passed."""
    why: str = ""
    paths: tuple[str, ...] = ()
    also_changed: tuple[str, ...] = ()
    """Paths that changed in the same time and are not part of it."""
    failed_at_ms: int = 0
    passed_at_ms: int = 0
    project: str = ""
    proof: Proof | None = None
    """The newest; None when it was not tried again."""
    accepted: bool = False
    """A person said that it helped."""


@dataclass(frozen=True, slots=True)
class Flakiness:
    """How often it failed among the runs that are known."""

    failed: int
    runs: int


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is remembered about a failure."""

    match: Match
    failure: Failure | None = None
    occurrences: tuple[Occurrence, ...] = ()
    """Newest first, at most 20."""
    remedies: tuple[Remedy, ...] = ()
    """Best first; empty when nothing may be claimed."""
    flaky: Flakiness | None = None
    note: str = ""
    """Why there is no remedy, in words."""
    freshness: Freshness = field(default_factory=Freshness)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A card: offered unasked."""

    id: str
    cursor: int
    at_ms: int
    event_id: EventId
    project: str
    why: str
    recollection: Recollection
