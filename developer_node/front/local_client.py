"""How every front end reaches the laptop's daemon: domain types in, domain types out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from common.errors import Unavailable
from common.model.answer import AskPart, AskRequest
from common.model.event import EditorEvent, Event
from common.model.failure import Recollection, Verdict
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryPage, HistoryQuery, SearchQuery, SearchResult
from common.model.laptop import (
    ContextEdit,
    FeedItem,
    LaptopStatus,
    WatchedRepository,
    WorkContext,
)
from common.model.node import Invitation, Node, Role
from common.pb.postdevai.v1 import assistant_service_pb2, event_pb2, lake_service_pb2
from common.pb.postdevai.v1 import developer_service_pb2 as pb
from common.pb.postdevai.v1.developer_service_pb2_grpc import DeveloperServiceStub
from common.wire.nouns import ask_part_from_pb, event_from_pb
from common.wire.translate import from_pb, to_pb
from developer_node.front.door import START_IT, Door, find_door
from developer_node.front.local_authority import LocalAuthority
from developer_node.front.local_capture import LocalCapture
from developer_node.front.local_lake import LocalLake
from developer_node.front.local_models import LocalModels
from developer_node.front.local_owner import LocalOwner
from developer_node.front.local_refusals import answer, refusals
from developer_node.front.local_remedies import LocalRemedies
from developer_node.front.local_routes import LocalRoutes
from developer_node.front.local_shared import LocalShared
from developer_node.front.local_tasks import LocalTasks

if TYPE_CHECKING:
    from common.daemon.home import Home
    from common.pb.postdevai.v1.developer_service_pb2_grpc import DeveloperServiceAsyncStub

TOKEN_KEY = "postdevai-token"

QUICK_S = 5.0
"""For calls that the daemon answers from its own memory."""
LAKE_S = 20.0
"""For calls that go on to the Dragon."""

_OPTIONS = (
    ("grpc.max_receive_message_length", 16 << 20),  # a thousand hits with their text
    ("grpc.enable_http_proxy", 0),
)


class LocalClient:
    """The local API. Every refusal is a PostDevAIError with a hint; no gRPC error gets out."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._channel = channel
        self._stub: DeveloperServiceAsyncStub = DeveloperServiceStub(channel)
        self._metadata = ((TOKEN_KEY, token),)
        self.lake = LocalLake(channel, self._metadata)
        """The lake, as far as it is looked after."""
        self.models = LocalModels(channel, self._metadata)
        """The models, as far as they are looked after."""
        self.remedies = LocalRemedies(channel, self._metadata)
        """Proofs, patches, past fixes, cards put off, and what may be done without asking."""
        self.capture = LocalCapture(channel, self._metadata)
        """Imports, and the end of a watch."""
        self.authority = LocalAuthority(channel, self._metadata)
        """Who belongs to the mesh, and what was done about it."""
        self.owner = LocalOwner(channel, self._metadata)
        """The owner's key, and what it has signed."""
        self.routes = LocalRoutes(channel, self._metadata)
        """Where work goes, and pins of projects."""
        self.tasks = LocalTasks(channel, self._metadata)
        """The backlog of the mesh."""
        self.shared = LocalShared(channel, self._metadata)
        """Settings, pins and notes that the owner's laptops share."""

    @classmethod
    async def connect(cls, home: Home, timeout: float = QUICK_S) -> LocalClient:
        """A client of the daemon of this HOME; Unavailable when there is none."""
        return await cls.open(find_door(home), timeout)

    @classmethod
    async def open(cls, door: Door, timeout: float = QUICK_S) -> LocalClient:
        """A client of the daemon behind this door."""
        channel = grpc.aio.insecure_channel(f"unix:{door.socket}", options=_OPTIONS)
        try:
            await asyncio.wait_for(channel.channel_ready(), timeout)
        except TimeoutError:
            await channel.close()
            raise Unavailable(
                f"The developer node does not answer within {timeout:g} s.", hint=START_IT
            ) from None
        except BaseException:
            await channel.close()
            raise
        return cls(channel, door.token)

    async def close(self) -> None:
        """Ends every call that still runs."""
        await self._channel.close()

    async def __aenter__(self) -> LocalClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def status(self) -> LaptopStatus:
        """How things stand; answers without the Dragon and without the Coordinator."""
        call = self._stub.Status(pb.StatusRequest(), timeout=QUICK_S, metadata=self._metadata)
        return from_pb(await answer(call), LaptopStatus)

    async def watch(self, path: str) -> WatchedRepository:
        """Watches the repository at this absolute path from now on."""
        request = pb.WatchRequest(path=path)
        call = self._stub.Watch(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb((await answer(call)).repository, WatchedRepository)

    async def feed(self, after: int = 0, epoch: str = "") -> AsyncGenerator[FeedItem]:
        """What happens from a cursor of an epoch on, without end; Unavailable when the daemon
        stops. A gap comes first where something after the cursor is not kept any more."""
        request = pb.WatchFeedRequest(after_cursor=after, epoch=epoch)
        call = self._stub.WatchFeed(request, metadata=self._metadata)
        try:
            with refusals():
                async for message in call:
                    yield from_pb(message, FeedItem)
        finally:
            call.cancel()

    async def ask(self, request: AskRequest) -> AsyncIterator[AskPart]:
        """The parts of an answer as they come; closing the iterator cancels to the model."""
        asked = pb.DeveloperServiceAskRequest(ask=to_pb(request, assistant_service_pb2.AskRequest))
        call = self._stub.Ask(asked, metadata=self._metadata)
        try:
            with refusals():
                async for message in call:
                    yield ask_part_from_pb(message.part)
        finally:
            call.cancel()

    async def search(self, query: SearchQuery) -> SearchResult:
        """Places in code."""
        request = pb.DeveloperServiceSearchRequest(
            search=to_pb(query, lake_service_pb2.SearchRequest)
        )
        call = self._stub.Search(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb((await answer(call)).result, SearchResult)

    async def recall(
        self, *, last: bool = False, fingerprint: str = "", text: str = "", cwd: str = ""
    ) -> Recollection:
        """What is remembered about the last failure, a fingerprint, or printed text."""
        request = pb.DeveloperServiceRecallRequest(cwd=cwd)
        if fingerprint:
            request.fingerprint = fingerprint
        elif text:
            request.text = text
        else:
            request.last = last
        call = self._stub.Recall(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb((await answer(call)).recollection, Recollection)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Events, newest first."""
        request = pb.DeveloperServiceHistoryRequest(
            history=to_pb(query, lake_service_pb2.HistoryRequest)
        )
        call = self._stub.History(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb((await answer(call)).result, HistoryPage)

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event whole, output included, and its project's name."""
        request = pb.DeveloperServiceGetEventRequest(id=event_id)
        call = self._stub.GetEvent(request, timeout=LAKE_S, metadata=self._metadata)
        found = await answer(call)
        return event_from_pb(found.event), found.project

    async def blob(self, content: ContentHash) -> bytes:
        """Content as it was indexed; Missing when the lake no longer has it."""
        request = pb.DeveloperServiceGetBlobRequest(hash=content)
        call = self._stub.GetBlob(request, timeout=LAKE_S, metadata=self._metadata)
        return (await answer(call)).data

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        """What the person thought of a remedy."""
        feedback = assistant_service_pb2.FeedbackRequest(remedy_id=remedy_id, verdict=verdict)
        request = pb.DeveloperServiceFeedbackRequest(feedback=feedback)
        await answer(self._stub.Feedback(request, timeout=LAKE_S, metadata=self._metadata))

    async def nodes(self) -> tuple[Node, ...]:
        """The nodes of the mesh, by role, then id."""
        request = pb.DeveloperServiceListNodesRequest()
        call = self._stub.ListNodes(request, timeout=LAKE_S, metadata=self._metadata)
        return tuple(from_pb(node, Node) for node in (await answer(call)).nodes)

    async def record_editor(self, path: str, said: EditorEvent) -> None:
        """What an editor did with the file at this absolute path."""
        event = to_pb(said, event_pb2.EditorEvent)
        request = pb.RecordEditorRequest(path=path, event=event)
        call = self._stub.RecordEditor(request, timeout=QUICK_S, metadata=self._metadata)
        await answer(call)

    async def context(self, working_copy: str = "") -> WorkContext:
        """What is being worked on there; empty for the working copy that was worked in last."""
        request = pb.GetContextRequest(working_copy=working_copy)
        call = self._stub.GetContext(request, timeout=QUICK_S, metadata=self._metadata)
        return from_pb((await answer(call)).context, WorkContext)

    async def set_context(self, edit: ContextEdit) -> WorkContext:
        """Changes what answers are given, in place of what was set before."""
        request = pb.SetContextRequest(edit=to_pb(edit, pb.ContextEdit))
        call = self._stub.SetContext(request, timeout=QUICK_S, metadata=self._metadata)
        return from_pb((await answer(call)).context, WorkContext)

    async def invite(self, role: Role) -> Invitation:
        """A one-time code for a new node of this role."""
        request = pb.DeveloperServiceInviteRequest(role=role)
        call = self._stub.Invite(request, timeout=LAKE_S, metadata=self._metadata)
        given = await answer(call)
        return Invitation(given.code, given.expires_ms)
