"""LakeService: unwraps, calls, wraps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol

from grpc.aio import ServicerContext

from common.errors import Invalid, Missing
from common.model.failure import Failure, Recollection
from common.model.ids import ContentHash, EventId, Origin
from common.model.lake import HistoryQuery, SearchQuery, SearchResult
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from common.pb.postdevai.v1.event_pb2 import Event as EventMessage
from common.pb.postdevai.v1.failure_pb2 import Recollection as RecollectionMessage
from common.rpc.peers import peer_identity
from common.wire.nouns import event_to_pb
from common.wire.translate import from_pb, to_pb
from dragon_node.ingest.grammars.known import GRAMMARS
from dragon_node.ingest.pipeline import (
    Ack,
    Content,
    Entries,
    Entry,
    Offer,
    Open,
    Part,
    Pipeline,
    Reply,
    Want,
)
from dragon_node.lake.intake import Opened
from dragon_node.lake.lake import Lake
from dragon_node.lake.records import Refusal
from dragon_node.service_care import LakeCare

Context = ServicerContext[Any, Any]
Searching = Callable[[SearchQuery], Awaitable[SearchResult]]

TEXT_CHARACTERS_MAX = 1 << 18
"""Of a failure's text that is recalled by."""
RESULTS_MAX = 1_000
QUERY_CHARACTERS_MAX = 4_096
SEARCH_USUAL, HISTORY_USUAL = 10, 50
LANGUAGES = tuple(sorted({grammar.language for grammar in GRAMMARS}))
"""That a search may ask for."""


class RecallerLike(Protocol):
    """The failure memory, as far as it is asked here."""

    async def last(self) -> Recollection:
        """About the last failure."""
        ...

    async def by_fingerprint(self, fingerprint: str) -> Recollection:
        """About that failure."""
        ...

    async def by_failure(self, failure: Failure) -> Recollection:
        """About a failure that the caller parsed."""
        ...

    async def by_text(self, text: str) -> Recollection:
        """About what looks like that text."""
        ...


class LakeService(LakeCare):
    """The lake for laptops and their front ends."""

    def __init__(
        self, lake: Lake, pipeline: Pipeline, search: Searching, recaller: RecallerLike
    ) -> None:
        super().__init__(lake)
        self._lake = lake
        self._pipeline = pipeline
        self._search = search
        self._recaller = recaller

    async def Ingest(  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]
        self, request_iterator: AsyncIterator[pb.IngestRequest], context: Context
    ) -> None:
        """One laptop's stream. Writes as it goes: replies do not follow requests one by one."""

        async def send(reply: Reply) -> None:
            await context.write(reply_to_pb(reply))

        async def parts() -> AsyncIterator[Part]:
            async for request in request_iterator:
                yield part_from_pb(request)

        await self._pipeline.serve(peer_identity(context).id, parts(), send)

    async def Search(self, request: pb.SearchRequest, context: Context) -> pb.SearchResponse:  # noqa: N802
        """Places in code."""
        q = from_pb(request, SearchQuery)
        if not 1 <= len(q.query) <= QUERY_CHARACTERS_MAX:
            raise Invalid(f"query must have 1 to {QUERY_CHARACTERS_MAX} characters", field="query")
        _times(q.since_ms, q.until_ms)
        if q.language and q.language not in LANGUAGES:
            raise Invalid(
                f"language {q.language[:40]!r} is not known; these are: {', '.join(LANGUAGES)}",
                field="language",
            )
        q = replace(q, k=_many(q.k, SEARCH_USUAL, "k"))
        return to_pb(await self._search(q), pb.SearchResponse)

    async def Recall(self, request: pb.RecallRequest, context: Context) -> pb.RecallResponse:  # noqa: N802
        """What is remembered about a failure."""
        found = to_pb(await self._recall(request), RecollectionMessage)
        return pb.RecallResponse(recollection=found)

    async def History(self, request: pb.HistoryRequest, context: Context) -> pb.HistoryResponse:  # noqa: N802
        """Events, newest first."""
        q = from_pb(request, HistoryQuery)
        _times(q.since_ms, q.until_ms)
        _whole(q.before_cursor, "before_cursor")
        if q.like:
            _hex(q.like, "like")
        q = replace(q, limit=_many(q.limit, HISTORY_USUAL, "limit"))
        return to_pb(await self._lake.history(q), pb.HistoryResponse)

    async def GetEvent(self, request: pb.GetEventRequest, context: Context) -> pb.GetEventResponse:  # noqa: N802
        """One event whole."""
        event, project = await self._lake.event(EventId(_hex(request.id, "id")))
        message: EventMessage = event_to_pb(event)
        return pb.GetEventResponse(event=message, project=project)

    async def GetBlob(self, request: pb.GetBlobRequest, context: Context) -> pb.GetBlobResponse:  # noqa: N802
        """Content as it was indexed."""
        data = await self._lake.blob(ContentHash(_hex(request.hash, "hash")))
        if data is None:
            raise Missing(f"content {request.hash} is not held")
        return pb.GetBlobResponse(data=data)

    async def Stats(self, request: pb.StatsRequest, context: Context) -> pb.StatsResponse:  # noqa: N802
        """Sizes, budget and positions."""
        return to_pb(await self._lake.stats(), pb.StatsResponse)

    async def _recall(self, request: pb.RecallRequest) -> Recollection:
        match request.WhichOneof("by"):
            case "fingerprint":
                wanted = _hex(request.fingerprint, "fingerprint")
                return await self._recaller.by_fingerprint(wanted)
            case "failure":
                failure = from_pb(request.failure, Failure, "failure.")
                return await self._recaller.by_failure(failure)
            case "text":
                if not 1 <= len(request.text) <= TEXT_CHARACTERS_MAX:
                    raise Invalid(f"text must have 1 to {TEXT_CHARACTERS_MAX:,}", field="text")
                return await self._recaller.by_text(request.text)
            case "last":
                return await self._recaller.last()
            case _:
                raise Invalid("say which failure", field="by")


def part_from_pb(request: pb.IngestRequest) -> Part:
    """One part of a stream; Invalid when it is empty."""
    match request.WhichOneof("part"):
        case "open":
            opening = request.open
            return Open(Origin(opening.origin), opening.first_held, opening.last)
        case "offer":
            return Offer(tuple(ContentHash(h) for h in request.offer.hashes))
        case "blob":
            return Content(ContentHash(request.blob.hash), request.blob.data)
        case "record":
            record = request.record
            if not record.HasField("event"):
                raise Invalid("the record has no event", field="record.event")
            return Entry(record.seq, record.event.SerializeToString())
        case "records":
            return Entries(tuple((kept.seq, kept.event) for kept in request.records.records))
        case _:
            raise Invalid("the message is empty", field="part")


def reply_to_pb(reply: Reply) -> pb.IngestResponse:
    """One part of the answer."""
    match reply:
        case Opened():
            opened = pb.IngestOpened(
                applied=reply.applied, rolled_back=reply.rolled_back, missing=reply.missing
            )
            return pb.IngestResponse(opened=opened)
        case Want():
            return pb.IngestResponse(want=pb.BlobWant(hashes=reply.hashes))
        case Ack():
            return pb.IngestResponse(ack=pb.IngestAck(seq=reply.seq))
        case Refusal():
            refusal = pb.IngestRefusal(seq=reply.seq, field=reply.field, reason=reply.reason)
            return pb.IngestResponse(refusal=refusal)


def _many(asked: int, usual: int, name: str) -> int:
    if not 0 <= asked <= RESULTS_MAX:
        raise Invalid(f"{name} is {asked}; it must be 1 to {RESULTS_MAX:,}", field=name)
    return asked or usual


def _times(since_ms: int, until_ms: int) -> None:
    _whole(since_ms, "since_ms")
    _whole(until_ms, "until_ms")
    if until_ms and since_ms > until_ms:
        raise Invalid(f"since_ms is {since_ms}, after until_ms, {until_ms}", field="since_ms")


def _whole(value: int, name: str) -> None:
    """The wire's numbers may be larger than SQLite's."""
    if not 0 <= value < 1 << 63:
        raise Invalid(f"{name} is {value}; it must be 0 to 2^63 - 1", field=name)


def _hex(value: str, name: str) -> str:
    if len(value) != 32 or not all(c in "0123456789abcdef" for c in value):
        raise Invalid(f"{name} is {value[:40]!r}, not 32 hex digits", field=name)
    return value
