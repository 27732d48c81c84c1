"""Remedies tried again, fixes found in the past, and what may be done without asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from common.model.event import Autonomy, PathChange, ProofFinished
from common.model.failure import Failure, Remedy, RemedyKind
from common.model.ids import ContentHash, WorkingCopyId

ProofStage = Literal["rebuilding", "red", "green", "done"]


@dataclass(frozen=True, slots=True)
class CardStats:
    """How the cards of a project were taken."""

    project: str
    shown: int = 0
    accepted: int = 0
    rejected: int = 0
    snoozed: int = 0
    quiet: bool = False
    """Too few were accepted: no card is made until the owner asks for them again."""
    sentence: str = ""
    """The same for people."""


@dataclass(frozen=True, slots=True)
class RemedyMaterial:
    """Everything that a laptop needs to try a remedy again."""

    remedy: Remedy
    failure: Failure
    working_copy: WorkingCopyId
    root: str
    """Where the failing working copy lies, on its laptop."""
    command: str
    """The one that failed."""
    cwd: str
    head: str
    tree: str
    """Git's id of the failing tree; what is rebuilt must have it."""
    dirty: tuple[PathChange, ...] = ()
    """How the failing tree differs from HEAD's: from it, together with `head`, it is rebuilt."""
    changes: tuple[PathChange, ...] = ()
    """The remedy's own, from the failing to the passing tree."""
    lock_hash: str = ""
    interpreter: str = ""
    packages: ContentHash = ContentHash("")
    variables: ContentHash = ContentHash("")


@dataclass(frozen=True, slots=True)
class MinedFix:
    """A commit of the past that changes code together with a test that it makes pass."""

    path: str
    """Of the working copy."""
    commit: str
    subject: str
    author_ms: int
    tests: tuple[str, ...]
    """Test files that it adds to or changes, relative."""
    sources: tuple[str, ...]
    """Other files that it changes."""
    why: str
    """Why it is taken for a fix, in a sentence."""


@dataclass(frozen=True, slots=True)
class MineProgress:
    """How far the git log has been read."""

    looked: int
    of: int


@dataclass(frozen=True, slots=True)
class MineEnd:
    """All that there is to say."""

    looked: int
    found: int
    sentence: str
    """Also says why there is none."""


@dataclass(frozen=True, slots=True)
class MineStep:
    """One thing on the way through the git log."""

    step: MineProgress | MinedFix | MineEnd


@dataclass(frozen=True, slots=True)
class ProofTarget:
    """What is to be proven: a remedy by its id, or a fix of the git log."""

    remedy_id: str = ""
    path: str = ""
    commit: str = ""
    consent: bool = False
    """The person agreed to run the recorded command again, in a sandbox."""
    timeout_s: float = 0.0
    """Of one run; 0 for the usual 120 s."""


@dataclass(frozen=True, slots=True)
class ProofProgress:
    """One line of a proof that is under way."""

    stage: ProofStage
    done: int
    of: int
    sentence: str


@dataclass(frozen=True, slots=True)
class ProofStep:
    """Progress, and at the end what came of it."""

    step: ProofProgress | ProofFinished


@dataclass(frozen=True, slots=True)
class DraftedPatch:
    """A remedy as a patch for a working copy."""

    diff: str
    applies: bool
    sentence: str
    """What to type, or why it does not apply."""
    command: str = ""


@dataclass(frozen=True, slots=True)
class AutonomySetting:
    """What may be done without asking, in one place."""

    level: Autonomy
    scope: str
    """A working copy's path; empty for all."""
    classes: tuple[RemedyKind, ...] = ()
    """Which remedies an assistant may try."""
    lowered_by: str = ""
    """The .postdevai.toml that says less than the owner allowed; empty when none does."""


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import has come, and at its end what it could not know."""

    source: str
    read: int = 0
    recorded: int = 0
    known: int = 0
    """Were imported before."""
    left_out: int = 0
    """Private, unreadable or empty."""
    finished: bool = False
    unknown: tuple[str, ...] = ()
    """What the source does not tell, in sentences."""
