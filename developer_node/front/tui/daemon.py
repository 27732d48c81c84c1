"""What the screens ask of the laptop's daemon: the real one speaks gRPC, tests script one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Protocol

from common.model.answer import AskPart, AskRequest
from common.model.event import ActDone, Event
from common.model.failure import Verdict
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryPage, HistoryQuery
from common.model.laptop import FeedItem, LaptopStatus
from common.model.remedy import CardStats, DraftedPatch, MineStep, ProofStep, ProofTarget


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


class Daemon(Protocol):
    """One connection. Every call raises a `PostDevAIError`, never an error of the wire."""

    async def status(self) -> LaptopStatus:
        """How things stand now."""
        ...

    def feed(self, after: int = 0) -> AsyncIterator[FeedItem]:
        """What is kept after the cursor, then what happens, until the daemon goes."""
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

    @property
    def remedies(self) -> Remedies:
        """What is done with remedies."""
        ...

    async def close(self) -> None:
        """Gives the connection back."""
        ...


Connect = Callable[[], Awaitable[Daemon]]
"""Reaches the daemon, or raises Unavailable with a hint for the person."""

StopEverything = Callable[[], Awaitable[None]]
"""Stops the nodes of this machine; raises a `PostDevAIError` when one would not stop."""
