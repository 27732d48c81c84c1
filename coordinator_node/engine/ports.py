"""What the Coordinator asks of whatever keeps its state: Kv, Leases, Log, Queue.

How sure an answer is belongs to the port, not to its caller: every write that returned survives
the death of any one process; without a quorum it is refused with Unavailable, never guessed.
Times are milliseconds since 1970 UTC or seconds, as the name says; the engine's own clock counts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

VALUE_BYTES_MAX = 512 << 10
"""Of a value, a line of a log or a job; more is refused with OverLimit."""
KEY_CHARS_MAX = 256
"""Of a key, and of the names of leases, logs and queues: letters, digits, and - _ . / =."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and the revision that wrote it; revisions rise with every write."""

    key: str
    value: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """A key that was written, or removed, at a revision."""

    key: str
    value: bytes | None
    """None when it was removed or its time had come."""
    revision: int


class Kv(Protocol):
    """Keys and values with compare-and-set; linearizable."""

    async def get(self, key: str) -> Entry | None:
        """The entry, or None."""
        ...

    async def put(
        self, key: str, value: bytes, *, expected: int | None = None, term_s: float = 0.0
    ) -> int:
        """Writes and returns the new revision.

        With `expected` the key must have that revision, 0 meaning that it must not exist;
        else Conflict, and nothing is written. With `term_s` it is gone after so long.
        """
        ...

    async def remove(self, key: str, *, expected: int | None = None) -> None:
        """Nothing when it is not there; Conflict when it has another revision than expected."""
        ...

    async def entries(self, prefix: str) -> tuple[Entry, ...]:
        """All entries whose key begins so, by key."""
        ...

    def watch(self, prefix: str) -> AsyncIterator[Change]:
        """What is there now, then each change, until the reader stops; the last state of a key
        is never left out, states between two looks may be."""
        ...


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a name, and under which epoch: a later holder has a higher one."""

    name: str
    holder: str
    epoch: int
    ends_ms: int


class Leases(Protocol):
    """Names that one holder at a time may have. An epoch is a fence: whoever acts under a lower
    one than was seen is refused by whom it acts on."""

    async def acquire(self, name: str, holder: str, term_s: float) -> Lease:
        """Conflict, naming the holder, while another has it; one's own is begun anew under a
        higher epoch."""
        ...

    async def renew(self, lease: Lease, term_s: float) -> Lease:
        """The same epoch for longer; Conflict once it has ended or another has it."""
        ...

    async def release(self, lease: Lease) -> None:
        """Nothing when it is held no more."""
        ...

    async def held(self, name: str) -> Lease | None:
        """Who has it now, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log; sequences rise by one from 1."""

    seq: int
    message_id: str
    data: bytes
    at_ms: int


class Log(Protocol):
    """Named logs that only grow, and how far each reader is."""

    async def append(
        self, log: str, message_id: str, data: bytes, *, expected_last: int | None = None
    ) -> int:
        """The sequence; of an id that is there already, the one that it has.

        With `expected_last` the log must end there, else Conflict, and nothing is written.
        """
        ...

    async def read(self, log: str, after: int, limit: int) -> tuple[Line, ...]:
        """Lines after a sequence, in order."""
        ...

    async def last(self, log: str) -> int:
        """The highest sequence; 0 of a log that nobody wrote to."""
        ...

    async def checkpoint(self, log: str, reader: str, seq: int) -> None:
        """The reader has done everything up to there; it never goes back, nor past the end."""
        ...

    async def position(self, log: str, reader: str) -> int:
        """Where the reader is; 0 at first."""
        ...

    async def truncate(self, log: str, through: int) -> None:
        """Forgets lines up to there, and their ids; sequences go on."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """Work in a queue."""

    id: str
    data: bytes
    priority: int = 0
    """Higher goes first; 0 to 9."""
    topics: tuple[str, ...] = ()
    """A claimant must offer every one of these."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that a worker has until a time; the token is good for this claim alone."""

    job: Job
    token: str
    attempt: int
    """1 for the first."""
    ends_ms: int


@dataclass(frozen=True, slots=True)
class Queued:
    """A job and where it stands."""

    job: Job
    state: str
    """waiting, claimed or dead."""
    attempts: int
    submitted_ms: int
    ready_ms: int
    """Not before then."""
    worker: str
    reason: str
    """Of the last nak."""


class Queue(Protocol):
    """Named queues: at least once, in order of priority and then of time, each job claimed by
    one worker at a time; a claim that is neither renewed nor ended in time is given out again."""

    async def submit(self, queue: str, job: Job, *, delay_s: float = 0.0) -> bool:
        """False, and nothing happens, when a job of that id is there or was done lately
        (10 minutes at least)."""
        ...

    async def claim(
        self, queue: str, worker: str, offered: Sequence[str], visible_s: float, limit: int = 1
    ) -> tuple[Claimed, ...]:
        """The next jobs whose topics are all offered; none when there is none."""
        ...

    async def extend(self, queue: str, token: str, visible_s: float) -> int:
        """The new end of the claim, ms; Conflict when it has ended."""
        ...

    async def ack(self, queue: str, token: str) -> None:
        """Done, also when it is said twice; Conflict when the claim has ended before."""
        ...

    async def nak(
        self, queue: str, token: str, *, reason: str, delay_s: float = 0.0, dead: bool = False
    ) -> None:
        """Not done: given out again after the delay, or put aside for a person when `dead`."""
        ...

    async def remove(self, queue: str, job_id: str) -> bool:
        """Whatever its state; False when it is not there. Its claim ends."""
        ...

    async def revive(self, queue: str, job_id: str) -> None:
        """A dead one waits again, its attempts forgotten; Missing when there is none."""
        ...

    async def listed(self, queue: str) -> tuple[Queued, ...]:
        """Every job that is not done, in the order of claims, the dead ones last."""
        ...


class Engine(Protocol):
    """Where the state lives: one of each port over the same store."""

    @property
    def name(self) -> str:
        """sqlite or nats."""
        ...

    @property
    def kv(self) -> Kv: ...

    @property
    def leases(self) -> Leases: ...

    @property
    def log(self) -> Log: ...

    @property
    def queue(self) -> Queue: ...
