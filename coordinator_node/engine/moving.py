"""What a move reads from one engine and writes to another: everything, with its numbers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from coordinator_node.engine.ports import Line, Queued


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key; its revision is not moved, as later ones are higher in any case."""

    key: str
    value: bytes
    ends_ms: int
    """0 when it has no term."""


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """A lease that somebody holds."""

    name: str
    holder: str
    epoch: int
    ends_ms: int


@dataclass(frozen=True, slots=True)
class LogRow:
    """A log: its first line that is still there, its last, and how far each reader is."""

    log: str
    first: int
    last: int
    readers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job; also one that was done lately, in the state `done` and without its data."""

    queue: str
    queued: Queued
    number: int
    """Of two that are ready at once the lower goes first."""
    token: str
    ends_ms: int
    """Of the claim, or of the memory that it was done; 0 for neither."""


class Movable(Protocol):
    """An engine as a move sees it. Nobody else may write meanwhile."""

    async def floor(self) -> int:
        """The highest revision or epoch that was ever given."""
        ...

    async def keys(self) -> tuple[KeyRow, ...]:
        """Every key, by name."""
        ...

    async def leases(self) -> tuple[LeaseRow, ...]:
        """Every lease that is held, by name."""
        ...

    async def logs(self) -> tuple[LogRow, ...]:
        """Every log, by name."""
        ...

    def lines(self, row: LogRow) -> AsyncGenerator[Line]:
        """Its lines in order."""
        ...

    async def jobs(self) -> tuple[JobRow, ...]:
        """Every job, by queue and id."""
        ...

    async def begin(self, floor: int) -> None:
        """Makes the place, which must be empty; all numbers given later are higher."""
        ...

    async def cluster(self) -> dict[str, bool]:
        """The servers whose copy of the state is current; whether each leads."""
        ...

    async def put_key(self, row: KeyRow) -> None:
        """Writes it."""
        ...

    async def put_lease(self, row: LeaseRow) -> None:
        """Writes it, under the same epoch."""
        ...

    async def put_log(self, row: LogRow) -> None:
        """Makes it with its readers; the lines follow."""
        ...

    async def put_lines(self, row: LogRow, lines: Sequence[Line]) -> None:
        """Writes the next lines, with the sequences that they have."""
        ...

    async def put_job(self, row: JobRow) -> None:
        """Writes it, with its claim."""
        ...
