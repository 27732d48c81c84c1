"""The local API over gRPC: unwraps, calls the laptop, wraps. No decision here."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

import grpc.aio

from common.errors import Invalid
from common.model.answer import AskRequest
from common.model.event import EditorEvent
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryQuery, SearchQuery
from common.model.laptop import ContextEdit
from common.model.node import Role
from common.pb.postdevai.v1 import developer_service_pb2 as pb
from common.pb.postdevai.v1 import (
    event_pb2,
    failure_pb2,
    lake_service_pb2,
    node_pb2,
)
from common.pb.postdevai.v1.developer_service_pb2_grpc import (
    DeveloperServiceServicer,
    add_DeveloperServiceServicer_to_server,
)
from common.wire.nouns import ask_part_to_pb
from common.wire.translate import from_pb, to_pb
from developer_node.laptop import Laptop

Context = grpc.aio.ServicerContext[Any, Any]

_QUERY_MAX = 4_096
_TEXT_MAX = 1 << 20


class DeveloperService(DeveloperServiceServicer):
    """Every front end calls this."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_DeveloperServiceServicer_to_server(self, server)

    async def Status(self, request: pb.StatusRequest, context: Context) -> pb.StatusResponse:
        return to_pb(await self._laptop.status(), pb.StatusResponse)

    async def Watch(self, request: pb.WatchRequest, context: Context) -> pb.WatchResponse:
        watched = await self._laptop.copies.watch(request.path)
        return pb.WatchResponse(repository=to_pb(watched, pb.WatchedRepository))

    async def RecordEditor(
        self, request: pb.RecordEditorRequest, context: Context
    ) -> pb.RecordEditorResponse:
        said = from_pb(request.event, EditorEvent, "event.")
        await self._laptop.record_editor(request.path, said)
        return pb.RecordEditorResponse()

    async def WatchFeed(
        self, request: pb.WatchFeedRequest, context: Context
    ) -> AsyncGenerator[pb.WatchFeedResponse, None]:
        async with aclosing(self._laptop.feed.read(request.after_cursor, request.epoch)) as items:
            async for item in items:
                yield to_pb(item, pb.WatchFeedResponse)

    async def Ask(
        self, request: pb.DeveloperServiceAskRequest, context: Context
    ) -> AsyncGenerator[pb.DeveloperServiceAskResponse, None]:
        asked = from_pb(request.ask, AskRequest, "ask.")
        _within(asked.question, _QUERY_MAX, "ask.question")
        async with aclosing(self._laptop.ask(asked)) as parts:
            async for part in parts:
                yield pb.DeveloperServiceAskResponse(part=ask_part_to_pb(part))

    async def Search(
        self, request: pb.DeveloperServiceSearchRequest, context: Context
    ) -> pb.DeveloperServiceSearchResponse:
        query = from_pb(request.search, SearchQuery, "search.")
        _within(query.query, _QUERY_MAX, "search.query")
        found = await self._laptop.search(query)
        result = to_pb(found, lake_service_pb2.SearchResponse)
        return pb.DeveloperServiceSearchResponse(result=result)

    async def Recall(
        self, request: pb.DeveloperServiceRecallRequest, context: Context
    ) -> pb.DeveloperServiceRecallResponse:
        match request.WhichOneof("by"):
            case "fingerprint":
                recalled = self._laptop.recall(fingerprint=request.fingerprint)
            case "text":
                _within(request.text, _TEXT_MAX, "text")
                recalled = self._laptop.recall(text=request.text, cwd=request.cwd)
            case "last":
                recalled = self._laptop.recall(last=True)
            case _:
                raise Invalid("recall needs last, a fingerprint or text", field="by")
        found = to_pb(await recalled, failure_pb2.Recollection)
        return pb.DeveloperServiceRecallResponse(recollection=found)

    async def History(
        self, request: pb.DeveloperServiceHistoryRequest, context: Context
    ) -> pb.DeveloperServiceHistoryResponse:
        page = await self._laptop.history(from_pb(request.history, HistoryQuery, "history."))
        result = to_pb(page, lake_service_pb2.HistoryResponse)
        return pb.DeveloperServiceHistoryResponse(result=result)

    async def GetEvent(
        self, request: pb.DeveloperServiceGetEventRequest, context: Context
    ) -> pb.DeveloperServiceGetEventResponse:
        event, project = await self._laptop.event(EventId(request.id))
        return pb.DeveloperServiceGetEventResponse(
            event=to_pb(event, event_pb2.Event), project=project
        )

    async def GetBlob(
        self, request: pb.DeveloperServiceGetBlobRequest, context: Context
    ) -> pb.DeveloperServiceGetBlobResponse:
        data = await self._laptop.blob(ContentHash(request.hash))
        return pb.DeveloperServiceGetBlobResponse(data=data)

    async def Feedback(
        self, request: pb.DeveloperServiceFeedbackRequest, context: Context
    ) -> pb.DeveloperServiceFeedbackResponse:
        verdict = request.feedback.verdict
        if verdict not in ("accepted", "rejected"):
            raise Invalid("the verdict must be accepted or rejected", field="feedback.verdict")
        await self._laptop.feedback(request.feedback.remedy_id, verdict)
        return pb.DeveloperServiceFeedbackResponse()

    async def ListNodes(
        self, request: pb.DeveloperServiceListNodesRequest, context: Context
    ) -> pb.DeveloperServiceListNodesResponse:
        nodes = [to_pb(node, node_pb2.Node) for node in await self._laptop.mesh.nodes()]
        return pb.DeveloperServiceListNodesResponse(nodes=nodes)

    async def Invite(
        self, request: pb.DeveloperServiceInviteRequest, context: Context
    ) -> pb.DeveloperServiceInviteResponse:
        if request.role not in ("dragon", "developer", "tool"):
            raise Invalid("the role must be dragon, developer or tool", field="role")
        given = await self._laptop.mesh.invite(cast(Role, request.role))
        return pb.DeveloperServiceInviteResponse(code=given.code, expires_ms=given.expires_ms)

    async def GetContext(
        self, request: pb.GetContextRequest, context: Context
    ) -> pb.GetContextResponse:
        now = await self._laptop.contexts.get(request.working_copy)
        return pb.GetContextResponse(context=to_pb(now, pb.WorkContext))

    async def SetContext(
        self, request: pb.SetContextRequest, context: Context
    ) -> pb.SetContextResponse:
        now = await self._laptop.contexts.set(from_pb(request.edit, ContextEdit, "edit."))
        return pb.SetContextResponse(context=to_pb(now, pb.WorkContext))


def _within(text: str, limit: int, field: str) -> None:
    if not text.strip():
        raise Invalid(f"{field} is empty", field=field)
    if len(text) > limit:
        raise Invalid(f"{field} has {len(text)} characters of at most {limit}", field=field)
