"""What an editor's server asks of the laptop's daemon: the real one speaks gRPC."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from common.model.event import EditorEvent, Event
from common.model.failure import Recollection
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryPage, HistoryQuery
from common.model.laptop import FeedItem, LaptopStatus
from common.model.remedy import AutonomySetting


class Remedies(Protocol):
    """What the owner allows."""

    async def autonomy(self, path: str = "") -> AutonomySetting: ...


class Daemon(Protocol):
    """The local API, as far as an editor needs it. Every refusal is a PostDevAIError."""

    @property
    def remedies(self) -> Remedies: ...
    async def status(self) -> LaptopStatus: ...
    def feed(self, after: int = 0, epoch: str = "") -> AsyncGenerator[FeedItem]: ...
    async def history(self, query: HistoryQuery) -> HistoryPage: ...
    async def event(self, event_id: EventId) -> tuple[Event, str]: ...
    async def blob(self, content: ContentHash) -> bytes: ...
    async def recall(self, *, fingerprint: str = "") -> Recollection: ...
    async def record_editor(self, path: str, said: EditorEvent) -> None: ...
    async def close(self) -> None: ...
