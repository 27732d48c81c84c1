"""What the screens ask of the laptop's daemon: the real one speaks gRPC, tests script one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from common.model.answer import AskPart, AskRequest
from common.model.event import ActDone, Event
from common.model.failure import Verdict
from common.model.ids import ContentHash, EventId
from common.model.lake import (
    HistoryPage,
    HistoryQuery,
    LakeStats,
    LakeStep,
    ProjectStats,
    SearchQuery,
    SearchResult,
)
from common.model.laptop import ContextEdit, FeedItem, LaptopStatus, WorkContext
from common.model.llm import InferenceStats, Model, ModelChange, ModelList
from common.model.node import Invitation, Node, Role
from common.model.remedy import CardStats, DraftedPatch, MineStep, ProofStep, ProofTarget
from common.model.shared import ItemKind, SharedItem, SyncStatus
from common.model.task import Task, TaskPage, TaskWish


class Remedies(Protocol):
    """What is done with remedies. Closing what comes in pieces cancels it."""

    def prove(self, target: ProofTarget) -> AsyncGenerator[ProofStep]:
        """Progress, then what came of it."""
        ...

    def mine(self, path: str, limit: int = 0) -> AsyncGenerator[MineStep]:
        """Fixes of the past, then the end."""
        ...

    async def draft(self, remedy_id: str, path: str) -> DraftedPatch:
        """The remedy as a patch."""
        ...

    async def snooze(self, suggestion_id: str, minutes: int) -> None:
        """Puts a card off."""
        ...

    async def revert(self, event_id: EventId) -> ActDone:
        """Takes back what was done in the owner's name."""
        ...

    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]:
        """How cards were taken."""
        ...


class Lake(Protocol):
    """How the Dragon's lake is looked after. Closing what comes in steps cancels it."""

    async def stats(self) -> LakeStats:
        """Sizes, budget, projects, generations."""
        ...

    async def pin(self, project: str, *, pinned: bool) -> ProjectStats:
        """Keeps a project awake, or lets it go."""
        ...

    async def sleep(self, project: str) -> ProjectStats:
        """Sends a project to the SSD, now."""
        ...

    def snapshot(self) -> AsyncGenerator[LakeStep]:
        """A generation on the Dragon's SSD."""
        ...

    def verify(self) -> AsyncGenerator[LakeStep]:
        """Everything durable is read."""
        ...


class Models(Protocol):
    """How the Dragon's models are looked after. Closing what comes in pieces cancels it."""

    async def list(self) -> ModelList:
        """The catalogue and its states."""
        ...

    async def stats(self) -> InferenceStats:
        """Memory, queue, speed and counts."""
        ...

    def load(self, name: str) -> AsyncGenerator[Model]:
        """Until it is loaded. Closing leaves the load to go on."""
        ...

    def pull(self, name: str) -> AsyncGenerator[Model]:
        """Until all of it has arrived. Closing ends the fetch."""
        ...

    async def unload(self, name: str, *, now: bool) -> Model:
        """Out of memory: when its requests have ended, or now."""
        ...

    async def pin(self, name: str, *, pinned: bool) -> Model:
        """Keeps it in memory, or lets it go."""
        ...

    def watch(self, after_cursor: int = 0) -> AsyncGenerator[ModelChange]:
        """Changes, without end."""
        ...


class Tasks(Protocol):
    """The backlog of the mesh."""

    async def list(self, states: Sequence[str] = (), ended_max: int = 0) -> TaskPage:
        """Those that wait and run, then those that ended."""
        ...

    async def get(self, task_id: str) -> Task:
        """One as it is now."""
        ...

    async def submit(self, wish: TaskWish) -> tuple[Task, bool]:
        """The task of that key, and whether it is new."""
        ...

    async def cancel(self, task_id: str) -> Task:
        """Ends it, or lets its worker know that it is to end."""
        ...

    async def retry(self, task_id: str) -> Task:
        """Lets it wait again."""
        ...


class Shared(Protocol):
    """What the owner's laptops share; answered from this one's disk."""

    async def items(
        self, kind: ItemKind, scope: str = "", *, every: bool = False
    ) -> tuple[SharedItem, ...]:
        """Of one project or of all, by project and key."""
        ...

    async def sync(self) -> SyncStatus:
        """What waits here, the last exchange, what lost."""
        ...


class Daemon(Protocol):
    """One connection. Every call raises a `PostDevAIError`, never an error of the wire."""

    async def status(self) -> LaptopStatus:
        """How things stand now."""
        ...

    def feed(self, after: int = 0, epoch: str = "") -> AsyncIterator[FeedItem]:
        """What is kept after the cursor, then what happens, until the daemon goes. A gap comes
        first where something after the cursor is not kept."""
        ...

    def ask(self, request: AskRequest) -> AsyncIterator[AskPart]:
        """Passages, words, end. Closing it cancels the model."""
        ...

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Events by time, newest first."""
        ...

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event whole, its output included, and its project's name."""
        ...

    async def blob(self, content: ContentHash) -> bytes:
        """Content as it was indexed."""
        ...

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        """What the person thought of a remedy."""
        ...

    async def search(self, query: SearchQuery) -> SearchResult:
        """Places in code, with why each was found."""
        ...

    async def context(self, working_copy: str = "") -> WorkContext:
        """What is being worked on there; empty for the working copy that was worked in last."""
        ...

    async def set_context(self, edit: ContextEdit) -> WorkContext:
        """Changes what answers are given, in place of what was set before."""
        ...

    async def nodes(self) -> tuple[Node, ...]:
        """The nodes of the mesh, asked of the Coordinator now."""
        ...

    async def invite(self, role: Role) -> Invitation:
        """A one-time code for a new node of this role."""
        ...

    @property
    def remedies(self) -> Remedies:
        """What is done with remedies."""
        ...

    @property
    def lake(self) -> Lake:
        """How the lake is looked after."""
        ...

    @property
    def models(self) -> Models:
        """How the models are looked after."""
        ...

    @property
    def shared(self) -> Shared:
        """What the owner's laptops share."""
        ...

    @property
    def tasks(self) -> Tasks:
        """What is to be done in the mesh, and what came of it."""
        ...

    async def close(self) -> None:
        """Gives the connection back."""
        ...


Connect = Callable[[], Awaitable[Daemon]]
"""Reaches the daemon, or raises Unavailable with a hint for the person."""

StopEverything = Callable[[], Awaitable[None]]
"""Stops the nodes of this machine; raises a `PostDevAIError` when one would not stop."""
