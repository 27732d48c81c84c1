"""What answers while the Dragon is away are made from."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from common.model.answer import AskPart, AskRequest
from common.model.event import Event
from common.model.failure import Failure, Recollection, Verdict
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryPage, HistoryQuery, LakeStats, SearchQuery, SearchResult
from common.model.laptop import NearStatus, OutboxStatus


class Lake(Protocol):
    """The Dragon's answers, by way of the mesh."""

    async def search(self, query: SearchQuery) -> SearchResult: ...
    async def history(self, query: HistoryQuery) -> HistoryPage: ...
    async def event(self, event_id: EventId) -> tuple[Event, str]: ...
    async def blob(self, content: ContentHash) -> bytes: ...
    async def stats(self) -> LakeStats: ...
    async def recall(
        self,
        *,
        last: bool = False,
        fingerprint: str = "",
        failure: Failure | None = None,
        text: str = "",
    ) -> Recollection: ...


class Assistant(Protocol):
    """The Dragon's voice."""

    def ask(self, request: AskRequest) -> AsyncGenerator[AskPart, None]: ...
    async def feedback(self, remedy_id: str, verdict: Verdict) -> None: ...


class Mirror(Protocol):
    """The failure memory and recent history, as this laptop has them."""

    @property
    def as_of_ms(self) -> int:
        """The Dragon's memory as it was then; 0 before the first time."""
        ...

    def status(self) -> NearStatus: ...
    async def recall(
        self,
        *,
        last: bool = False,
        fingerprint: str = "",
        failure: Failure | None = None,
        text: str = "",
    ) -> Recollection: ...
    async def history(self, query: HistoryQuery) -> HistoryPage: ...
    async def event(self, event_id: EventId) -> tuple[Event, str] | None: ...
    async def judge(self, remedy_id: str, verdict: Verdict) -> None: ...


class Waiting(Protocol):
    """The outbox, as far as labels tell of it."""

    async def status(self) -> OutboxStatus: ...
