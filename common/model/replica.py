"""Two Dragons that hold one lake: how far a journal reaches, its rows, and who leads."""

from __future__ import annotations

from dataclasses import dataclass

from common.model.ids import NodeId


@dataclass(frozen=True, slots=True)
class JournalTerm:
    """A leadership that wrote in a journal."""

    epoch: int
    """Rises with every leader."""
    first_lsn: int


@dataclass(frozen=True, slots=True)
class JournalReach:
    """How far a journal reaches, and who wrote it."""

    journal: str = ""
    """Its identity; empty for a Dragon that has none yet."""
    first_lsn: int = 0
    """The oldest position that it holds; 0 when nothing was cut."""
    last_lsn: int = 0
    terms: tuple[JournalTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A row as it lies in the journal."""

    lsn: int
    origin: str
    seq: int
    kind: str
    node: str
    project: str
    project_name: str
    at_ms: int
    body: bytes


@dataclass(frozen=True, slots=True)
class JournalContent:
    """Raw content that rows refer to."""

    hash: str
    data: bytes


@dataclass(frozen=True, slots=True)
class JournalRows:
    """Rows that follow on each other."""

    rows: tuple[JournalRow, ...] = ()
    contents: tuple[JournalContent, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectHolding:
    """What a Dragon has of a project."""

    journal: str
    """The identity of its journal."""
    name: str
    last_lsn: int
    """Everything up to this position is told."""


@dataclass(frozen=True, slots=True)
class LakeLead:
    """Who leads a lake."""

    lake: str
    leader: NodeId
    """Empty when nobody does."""
    epoch: int = 0
    followers: tuple[NodeId, ...] = ()
    """Those that have everything: each acknowledgement waits for them."""
