"""Work that waits until a node that can do it has time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NewType

from common.model.ids import NodeId

TaskId = NewType("TaskId", str)
"""16 hex digits, from the key under which a task was submitted."""
NOBODY = NodeId("")
TaskKind = Literal["reindex", "prove", "summarise", "compact", "snapshot"]
TaskState = Literal["waiting", "running", "done", "failed", "dead", "cancelled"]
RESULT_MAX = 20_000
"""Characters of a result."""
Failing = Literal["retry", "final", "cancelled", "returned"]
"""Not done: try it again, never, as it was cancelled, or because the worker stops."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work, from its submission to its end."""

    id: TaskId
    kind: TaskKind
    project: str = ""
    """Name or id; empty where the kind needs none."""
    subject: str = ""
    """A remedy's id for prove."""
    priority: int = 0
    """0 to 9; higher goes first."""
    state: TaskState = "waiting"
    attempts: int = 0
    attempts_max: int = 1
    worker: NodeId = NOBODY
    """Who has it, or had it last."""
    submitter: NodeId = NOBODY
    node: NodeId = NOBODY
    """The only node that may do it; empty for any that can."""
    share: float = 0.0
    """How much of it is done, 0 to 1."""
    sentence: str = ""
    """How far it is, or what it waits for."""
    created_ms: int = 0
    started_ms: int = 0
    ended_ms: int = 0
    ready_ms: int = 0
    """Not begun again before then."""
    reason: str = ""
    """Why it failed, was put aside or waits again."""
    result: str = ""
    key: str = ""
    """The submitter's own name for it."""
    cancelling: bool = False
    """It is to end, and its worker has not said yet that it has."""
    consent: bool = False
    """The person who submitted it agreed to what the kind runs."""

    @property
    def ended(self) -> bool:
        """Nobody works on it any more, and nobody will unless a person says so."""
        return self.state not in ("waiting", "running")


@dataclass(frozen=True, slots=True)
class KeptTask:
    """A task as the Coordinator keeps it."""

    task: Task
    job: str
    """Its name in the queue; another one after each retry."""
    token: str = ""
    """Which claim counts; empty while there is none."""
    claim_ends_ms: int = 0
    life: str = ""
    """Which life of the worker made the claim."""


@dataclass(frozen=True, slots=True)
class TaskWish:
    """What is to be done, and under which key."""

    kind: TaskKind
    key: str
    project: str = ""
    subject: str = ""
    priority: int = 0
    node: NodeId = NOBODY
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """A task that a worker has, until a time."""

    task: Task
    token: str
    """Good for this claim alone."""
    ends_ms: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What a worker can do."""

    kinds: tuple[TaskKind, ...]
    projects: tuple[str, ...] = ()
    """Names and ids of the projects that it holds."""
    slots: int = 1
    """How many tasks it does at a time."""
    life: str = ""
    """Another one after each start."""


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Tasks in order: those that run and wait, then those that ended."""

    tasks: tuple[Task, ...] = ()
    left_out: int = 0
    cursor: int = 0


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A task as it is now, or the id of one that is kept no more."""

    cursor: int
    task: Task | None = None
    removed: str = ""
