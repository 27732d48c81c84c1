"""A story of failures that is followed while it is told, and the service that tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from common.clients.assistant import AssistantClient
from common.errors import Unavailable
from common.model.event import Event
from common.model.ids import EventId, ProjectId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from common.model.near import FollowMemoryRequest, Told
from common.pb.postdevai.v1.assistant_service_pb2_grpc import (
    add_AssistantServiceServicer_to_server,
)
from dragon_node.failures.following import Following
from dragon_node.failures.recall import Recaller
from dragon_node.lake.forgetting import in_memory, notes
from dragon_node.lake.forgetting.notes import Oblivious
from dragon_node.lake.records import Note
from dragon_node.service_assistant import AssistantService
from tests.support.failures import Story
from tests.support.served import served, served_in_health


class FollowedStory(Story):
    """A story that somebody follows while it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: set[EventId] = set()
        self.asked: list[HistoryQuery] = []
        self._applied = asyncio.Event()

    def accept(self, body: Event | Note, project: str = "") -> None:
        super().accept(body, project)
        if isinstance(body, Note):
            in_memory.apply(self.db, len(self.records), body)
        self._applied.set()

    async def wait_applied(self, lsn: int) -> int:
        while len(self.records) <= lsn:
            self._applied.clear()
            await self._applied.wait()
        return len(self.records)

    async def history(self, q: HistoryQuery) -> HistoryPage:
        self.asked.append(q)
        entries = [
            HistoryEntry(r.lsn, r.body, r.project_name)
            for r in reversed(self.records)
            if isinstance(r.body, Event)
            and r.body.id not in self.forgotten
            and (not q.before_cursor or r.lsn < q.before_cursor)
        ]
        return HistoryPage(tuple(entries[: q.limit]))

    def forget(self, *events: Event) -> None:
        """As the owner asked."""
        ids = tuple(event.id for event in events)
        self.forgotten |= set(ids)
        meant = Oblivious(
            "id", ProjectId("id-shop"), events=ids, lsns=tuple(int(each, 16) for each in ids)
        )
        for note in notes.forget(meant):
            self.accept(note, "shop")


class Teller:
    """Tells a story to those who follow it, and notes what was asked and told."""

    def __init__(self, story: FollowedStory) -> None:
        self.story = story
        self.asked: list[FollowMemoryRequest] = []
        self.told: list[Told] = []
        self.cut_after = 0
        """So many things are told in one connection; 0 for no end."""

    async def follow(self, request: FollowMemoryRequest) -> AsyncGenerator[Told]:
        """As the Dragon does."""
        self.asked.append(request)
        said = 0
        async for part in Following(self.story, Recaller(self.story), look_s=0.01).follow(request):
            self.told.append(part)
            yield part
            said += 1
            if said == self.cut_after:
                raise Unavailable("the connection broke")


@asynccontextmanager
async def telling(teller: Teller) -> AsyncGenerator[AssistantClient]:
    """Over real gRPC."""
    async with served(_adding(teller)) as (routed, _):
        yield AssistantClient(routed)


@asynccontextmanager
async def telling_at(teller: Teller) -> AsyncGenerator[str]:
    """The same for another process: the address."""
    async with served_in_health(_adding(teller)) as there:
        yield there.address


def _adding(teller: Teller) -> Callable[[Any], None]:
    """The rest of the service is not there."""
    nobody = cast(Any, None)
    service = AssistantService(nobody, nobody, nobody, nobody, nobody, teller)
    return lambda server: add_AssistantServiceServicer_to_server(service, server)
