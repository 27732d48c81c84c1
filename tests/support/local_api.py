"""The local API on a real Unix socket, behind the real interceptor, with scripted answers."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio

from common.daemon.files import write_private
from common.daemon.home import Home, Ready
from common.daemon.locks import only_instance
from common.errors import Missing, PostDevAIError
from common.model.answer import AskPart, AskRequest, Freshness, Hit, ProjectFreshness
from common.model.event import Event
from common.model.failure import Recollection
from common.model.ids import ContentHash, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery, SearchQuery, SearchResult
from common.model.laptop import (
    ContextEdit,
    FeedItem,
    LaptopStatus,
    WatchedRepository,
    WorkContext,
)
from common.model.node import Node
from common.pb.postdevai.v1 import (
    assistant_service_pb2,
    lake_service_pb2,
)
from common.pb.postdevai.v1 import developer_service_pb2 as pb
from common.pb.postdevai.v1.developer_service_pb2_grpc import (
    DeveloperServiceServicer,
    add_DeveloperServiceServicer_to_server,
)
from common.pb.postdevai.v1.inference_service_pb2_grpc import (
    add_InferenceServiceServicer_to_server,
)
from common.pb.postdevai.v1.lake_service_pb2_grpc import add_LakeServiceServicer_to_server
from common.rpc.server import open_local_server
from common.wire.nouns import ask_part_to_pb, event_to_pb
from common.wire.translate import fill_pb, from_pb, to_pb
from tests.support.local_lake_api import LakeApi, LakeScript
from tests.support.local_models_api import ModelsApi, ModelsScript

TOKEN = "a-token-of-this-start"
FRESH = Freshness((ProjectFreshness("thing", "/code/thing", "a" * 40, "a" * 40, 0),), 0, 1.0)


@dataclass
class Script:
    """What the daemon says, and what it was asked."""

    status: LaptopStatus = field(default_factory=LaptopStatus)
    hits: tuple[Hit, ...] = ()
    complete: bool = True
    freshness: Freshness = FRESH
    recollection: Recollection = field(default_factory=lambda: Recollection("none"))
    entries: tuple[HistoryEntry, ...] = ()
    events: dict[str, tuple[Event, str]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    feed: tuple[FeedItem, ...] = ()
    context: WorkContext = field(default_factory=WorkContext)
    answer: Callable[[AskRequest], AsyncIterator[AskPart]] | None = None
    refusal: PostDevAIError | None = None
    """Raised by every call."""
    asked: list[Any] = field(default_factory=list)
    lake: LakeScript = field(default_factory=LakeScript)
    models: ModelsScript = field(default_factory=ModelsScript)

    def hear(self, asked: Any) -> None:
        """Keeps what was asked; refuses when it is to be refused."""
        self.asked.append(asked)
        if self.refusal:
            raise self.refusal


class LocalApi(DeveloperServiceServicer):
    """Says what the script says."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def _heard(self, asked: Any) -> None:
        self.script.hear(asked)

    async def Status(self, request, context):
        self._heard("status")
        return to_pb(self.script.status, pb.StatusResponse)

    async def Watch(self, request, context):
        self._heard(("watch", request.path))
        known = WatchedRepository(request.path, WorkingCopyId("ab" * 8), -1, 0, "scanning")
        response = pb.WatchResponse()
        fill_pb(known, response.repository)
        return response

    async def RecordEditor(self, request, context):
        self._heard("editor")
        return pb.RecordEditorResponse()

    async def WatchFeed(self, request, context):
        self._heard(("feed", request.after_cursor))
        for item in self.script.feed:
            if item.cursor > request.after_cursor:
                yield to_pb(item, pb.WatchFeedResponse)

    async def Ask(self, request, context):
        asked = from_pb(request.ask, AskRequest)
        self._heard(asked)
        assert self.script.answer is not None
        async for part in self.script.answer(asked):
            yield pb.DeveloperServiceAskResponse(part=ask_part_to_pb(part))

    async def Search(self, request, context):
        self._heard(from_pb(request.search, SearchQuery))
        found = SearchResult(self.script.hits, self.script.complete, self.script.freshness)
        result = to_pb(found, lake_service_pb2.SearchResponse)
        return pb.DeveloperServiceSearchResponse(result=result)

    async def Recall(self, request, context):
        which = request.WhichOneof("by")
        self._heard((which, getattr(request, which or "cwd"), request.cwd))
        response = pb.DeveloperServiceRecallResponse()
        fill_pb(self.script.recollection, response.recollection)
        return response

    async def History(self, request, context):
        self._heard(from_pb(request.history, HistoryQuery))
        page = HistoryPage(self.script.entries, self.script.freshness)
        result = to_pb(page, lake_service_pb2.HistoryResponse)
        return pb.DeveloperServiceHistoryResponse(result=result)

    async def GetEvent(self, request, context):
        self._heard(("event", request.id))
        event, project = self.script.events[request.id]
        return pb.DeveloperServiceGetEventResponse(event=event_to_pb(event), project=project)

    async def GetBlob(self, request, context):
        self._heard(("blob", request.hash))
        if request.hash not in self.script.blobs:
            raise Missing("This content is not in the lake.")
        return pb.DeveloperServiceGetBlobResponse(data=self.script.blobs[ContentHash(request.hash)])

    async def Feedback(self, request, context):
        feedback: assistant_service_pb2.FeedbackRequest = request.feedback
        self._heard((feedback.remedy_id, feedback.verdict))
        return pb.DeveloperServiceFeedbackResponse()

    async def ListNodes(self, request, context):
        self._heard("nodes")
        response = pb.DeveloperServiceListNodesResponse()
        for node in self.script.nodes:
            fill_pb(node, response.nodes.add())
        return response

    async def Invite(self, request, context):
        self._heard(("invite", request.role))
        return pb.DeveloperServiceInviteResponse(code="pd1.code", expires_ms=1_772_546_700_000)

    async def GetContext(self, request, context):
        self._heard(("context", request.working_copy))
        return pb.GetContextResponse(context=to_pb(self.script.context, pb.WorkContext))

    async def SetContext(self, request, context):
        edit = from_pb(request.edit, ContextEdit)
        self._heard(edit)
        return pb.SetContextResponse(context=to_pb(self.script.context, pb.WorkContext))


@asynccontextmanager
async def open_api(home: Home, script: Script) -> AsyncGenerator[dict[str, str]]:
    """Serves; yields what belongs into the ready file."""
    socket = home.runtime_directory() / "developer.sock"
    token_file = home.directory("developer") / "token"
    write_private(token_file, TOKEN.encode())

    def add(server: grpc.aio.Server) -> None:
        add_DeveloperServiceServicer_to_server(LocalApi(script), server)
        lake = LakeApi(script.lake, script.hear)  # pyright: ignore[reportAbstractUsage] - a part of it
        add_LakeServiceServicer_to_server(lake, server)
        models = ModelsApi(script.models, script.hear)  # pyright: ignore[reportAbstractUsage]
        add_InferenceServiceServicer_to_server(models, server)

    server = await open_local_server(socket, TOKEN, add)
    try:
        yield {"socket": str(socket), "token_file": str(token_file)}
    finally:
        await server.stop(0)
        socket.unlink(missing_ok=True)


@asynccontextmanager
async def _serve(home: Home, script: Script, pid: int) -> AsyncGenerator[Script]:
    with only_instance(home.lock_path("developer"), "developer"):
        async with open_api(home, script) as extra:
            ready = Ready("developer", pid, extra["socket"], 1, "0.1.0", extra)
            home.write_ready(ready)
            yield script


def serve(home_root: Path, script: Script, pid: int) -> AbstractAsyncContextManager[Script]:
    """A daemon in the test's own process: lock, ready file, socket and token as the real one's."""
    return _serve(Home.from_env(str(home_root)), script, pid)
