"""What the journal holds and what the stores are told, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import apsw

from common.model.event import Event
from common.model.ids import ContentHash, NodeId, Origin, ProjectId

OUTSIDE = ProjectId("0" * 16)
"""The shard of events that belong to no working copy."""

NO_ORIGIN = Origin("")
"""The origin of notes: the Dragon itself. Their sequence is their lsn."""

RowKind = Literal["event", "note", "refusal"]
SymbolKind = Literal["function", "class", "method", "type", "module", "section", "key"]
"""A section is a heading, a table or a rule; a key is one of a data file."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was decided on the Dragon and is journalled like the rest."""

    kind: str
    """feedback, gap, origin, left ..."""
    fields: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that can never be accepted. Its sequence is consumed."""

    seq: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A record that is durable, as the stores apply it."""

    lsn: int
    """Position in the journal, from 1."""
    origin: Origin
    """Empty for notes."""
    seq: int
    project: ProjectId
    project_name: str
    """For people; empty outside any working copy."""
    at_ms: int
    body: Event | Note


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it lies in the journal."""

    lsn: int
    origin: Origin
    seq: int
    kind: RowKind
    node: NodeId
    project: ProjectId
    project_name: str
    at_ms: int
    body: bytes
    """The event as it travelled; JSON for notes and refusals."""


@dataclass(frozen=True, slots=True)
class ChunkRef:
    """A chunk in a project's file."""

    project: ProjectId
    chunk: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate. Scores of one list are comparable, of two lists not."""

    ref: ChunkRef
    score: float


@dataclass(frozen=True, slots=True)
class Span:
    """A chunk of a file, as cut by the chunker."""

    start_line: int
    """From 1."""
    end_line: int
    """Inclusive."""
    start: int
    """Character offset in the text."""
    end: int
    """Exclusive."""
    symbol: str = ""
    """Qualified name of the symbol that it belongs to."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition in a file."""

    name: str
    qualified: str
    """With the names of what encloses it: Class.method."""
    kind: SymbolKind
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """A file, cut up."""

    spans: tuple[Span, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    language: str = ""
    """Empty when no grammar knows the path."""
    imports: tuple[str, ...] = ()
    """What the file names of others: `module`, or `module:name` where the name may be a module
    too; each once."""


Chunker = Callable[[str, str], Pieces]
"""From a path and its text; pure. `dragon_node.ingest.chunking.chunk` is the real one."""

Blobs = Mapping[ContentHash, bytes]
"""Raw content by its hash."""


class Applier(Protocol):
    """A store in memory.db: its tables, and how a record changes them."""

    schema: str
    """CREATE ... IF NOT EXISTS statements. A change of it rebuilds memory.db from the journal."""

    def opened(self, db: apsw.Connection) -> None:
        """In a transaction of its own, before anything is read or applied."""
        ...

    def apply(self, db: apsw.Connection, record: Accepted) -> None:
        """Inside the pipeline's transaction, on memory.db's writer thread, in lsn order."""
        ...
