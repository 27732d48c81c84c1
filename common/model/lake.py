"""What is asked of the lake, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from common.model.answer import Freshness, Hit, HitKind
from common.model.event import Event, EventKind
from common.model.ids import EventId, Origin, ProjectId, WorkingCopyId

SearchMode = Literal["fused", "literal", "regex"]

ANOTHERS_ORIGIN = "open.origin"
"""The field of a Denied: the origin is another node's, and all that went before is with the Dragon.
"""
ANOTHERS_ORIGIN_AND_MORE = "open.first_held"
"""The field of a Denied: the origin is another node's, and the Dragon has less or more of it."""
FOLLOWS = "lead"
"""The field of an Unavailable: the Dragon follows another one, and takes nothing in itself."""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search over code."""

    query: str
    mode: SearchMode = "fused"
    k: int = 10
    """1 to 1,000."""
    project: str = ""
    """Name or id; empty for all that are awake."""
    working_copy: str = ""
    """Id or path; empty for all."""
    path: str = ""
    """A glob over repository-relative paths, such as src/**/*.py; empty for all."""
    language: str = ""
    """As hits name it; empty for all."""
    kind: HitKind | Literal[""] = ""
    """Literal and regex search code alone."""
    since_ms: int = 0
    """Not before; 0 for no bound."""
    until_ms: int = 0
    """Before; 0 for no bound."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Best first; literal and regex in path and line order."""

    hits: tuple[Hit, ...] = ()
    complete: bool = True
    """False when a limit cut a list, or something could not be asked: freshness says what."""
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
    until_ms: int = 0
    """Before; 0 for no bound."""
    text: str = ""
    """Words that a command, its output or a commit's message must contain. What was imported is
    only found by them."""
    like: EventId = EventId("")
    """Those most like this event, best first, in the place of newest first."""
    working_copy: str = ""
    """Id or path; empty for all."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An event in a list; a command's output text is left out."""

    cursor: int
    event: Event
    project: str
    """Name; empty outside any."""
    excerpt: str = ""
    """Lines of the output that contain the text that was asked for."""
    likeness: float = 0.0
    """To the event that was asked for, 0 to 1."""


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
class StoreStats:
    """One store on the RAM disk."""

    name: str
    """memory, projects, words, vectors, ballast or other."""
    bytes: int
    items: int = 0


@dataclass(frozen=True, slots=True)
class ProjectStats:
    """Where a project is."""

    id: ProjectId
    name: str
    state: Literal["awake", "asleep"]
    pinned: bool = False
    bytes: int = 0
    """In memory when awake, on the SSD when asleep."""
    used_ms: int = 0
    """Last touched."""
    joined_to: str = ""
    """Id of the project that it was joined to."""
    node: str = ""
    """Id of the Dragon that has it, where several were asked."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation of the lake on the SSD."""

    number: int
    """From 1."""
    at_ms: int
    lsn: int
    """Everything up to this position is in it."""
    bytes: int = 0
    files: int = 0
    verified: bool = False
    """Read back and found to be what its manifest says."""
    node: str = ""
    """Id of the Dragon that has it, where several were asked."""


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
    evict_bytes: int = 0
    """From here on projects go to sleep."""
    refuse_bytes: int = 0
    """From here on records are refused."""
    inodes_free: int = -1
    """-1 when the file system does not count them."""
    ballast_bytes: int = 0
    stores: tuple[StoreStats, ...] = ()
    """What takes the room; the sum is `bytes`."""
    kept: tuple[ProjectStats, ...] = ()
    """Every project, awake or asleep."""
    generations: tuple[Generation, ...] = ()
    """Newest first."""


Thing = Literal["file", "symbol", "commit", "event", "failure", "remedy", "session"]
Verb = Literal[
    "imports",
    "defines",
    "changed",
    "changed_with",
    "in_session",
    "failed_in",
    "fixed_by",
    "touched",
]


@dataclass(frozen=True, slots=True)
class RelatedThing:
    """A thing that relations join."""

    kind: Thing
    id: str
    """A path, a qualified name, a commit's hash, an id or a fingerprint."""
    label: str = ""
    """For people: a subject, a command, a message."""
    hops: int = 0
    """Steps from what was asked for."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation."""

    source: RelatedThing
    verb: Verb
    target: RelatedThing
    weight: int = 1
    """How often, or how many commits bear it out."""
    at_ms: int = 0
    """Last seen."""


@dataclass(frozen=True, slots=True)
class RelatedQuery:
    """What to start from."""

    kind: Thing
    id: str
    project: str = ""
    hops: int = 1
    """1 to 4."""
    limit: int = 100
    """1 to 1,000."""
    verbs: tuple[Verb, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """Relations, nearest first, each once."""

    relations: tuple[Relation, ...] = ()
    complete: bool = True
    freshness: Freshness = field(default_factory=Freshness)


@dataclass(frozen=True, slots=True)
class KeptItem:
    """One kind of thing that is kept somewhere."""

    what: str
    where: str
    items: int = 0
    bytes: int = 0
    oldest_ms: int = 0
    newest_ms: int = 0
    encrypted: bool = False
    """At rest; false for what lies in memory only."""
    until: str = ""
    """What ends its stay: a limit, a rule or "until forgotten"."""


FORGOTTEN_TEXT_MIN = 4
"""Characters. Fewer are contained in almost everything."""


@dataclass(frozen=True, slots=True)
class Oblivion:
    """What to forget; all that is given must match, and path, text or a time must be given."""

    project: str = ""
    path: str = ""
    """A directory or file: absolute as the laptop knows it, or relative to the project."""
    since_ms: int = 0
    until_ms: int = 0
    text: str = ""
    """A secret: whatever contains these characters."""
    dry_run: bool = False
    machine: str = ""
    """Whose absolute path it is: its working copies are named from this. Without it and without a
    node the path is compared whosever it is."""
    copies: tuple[WorkingCopyId, ...] = ()
    """Working copies of that machine that lie at the path or below it."""
    node: str = ""
    """Set by the Dragon: what ran outside any working copy is meant when it is of this node."""

    @property
    def of_one_machine(self) -> bool:
        """Whether the path means one machine's files and no others."""
        return self.path.startswith("/") and bool(self.machine or self.node)


@dataclass(frozen=True, slots=True)
class LakeStep:
    """One step of long work on the lake."""

    step: str
    done: int = 0
    total: int = 0
    """0 while it is not known."""
    sentence: str = ""
    ok: bool = True
    """False when the step has found something wrong."""
    ended: bool = False
    """Nothing follows."""
