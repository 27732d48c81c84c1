"""The Dragon's lake, as the laptop uses it: questions, and the stream that records go in by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import grpc
from grpc.aio import AioRpcError, Channel, Metadata

from common.errors import Denied, Invalid, PostDevAIError, Unavailable
from common.model.event import Event
from common.model.failure import Failure, Recollection
from common.model.ids import ContentHash, EventId, Origin
from common.model.lake import (
    FOLLOWS,
    HistoryPage,
    HistoryQuery,
    LakeStats,
    SearchQuery,
    SearchResult,
)
from common.pb.postdevai.v1 import event_pb2, failure_pb2
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from common.pb.postdevai.v1.lake_service_pb2_grpc import LakeServiceStub
from common.rpc.routed import Routed, was_stale
from common.rpc.status import error_from_rpc
from common.wire.nouns import event_from_pb
from common.wire.translate import from_pb, to_pb

T = TypeVar("T")

QUESTION_S = 15.0
STATS_S = 3.0
OPEN_S = 5.0


@dataclass(frozen=True, slots=True)
class Opened:
    """What the Dragon has of an origin."""

    applied: int
    """Highest sequence applied; 0 when none."""
    rolled_back: bool
    """The outbox is behind what was applied: it must start a new origin."""
    missing: int
    """How many up to `applied` never arrived: the Dragon's journal, or the outbox, was lost."""


@dataclass(frozen=True, slots=True)
class Want:
    """Content of an offer that the Dragon lacks."""

    hashes: tuple[ContentHash, ...]


@dataclass(frozen=True, slots=True)
class Ack:
    """Everything up to here is durable and applied."""

    seq: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that can never be accepted; its sequence is consumed."""

    seq: int
    field: str
    reason: str


Reply = Want | Ack | Refusal


class _Call(Protocol):
    """A bidirectional call, as grpc.aio has it."""

    def write(self, request: pb.IngestRequest) -> Awaitable[None]: ...
    def read(self) -> Awaitable[object]: ...
    def cancel(self) -> bool: ...
    def done_writing(self) -> Awaitable[None]: ...
    def code(self) -> Awaitable[grpc.StatusCode]: ...
    def details(self) -> Awaitable[str]: ...
    def initial_metadata(self) -> Awaitable[Metadata]: ...
    def trailing_metadata(self) -> Awaitable[Metadata]: ...


class IngestStream:
    """An opened stream. One task writes, another reads `replies`."""

    def __init__(self, call: _Call, opened: Opened) -> None:
        self._call = call
        self.opened = opened

    async def offer(self, hashes: Sequence[ContentHash]) -> None:
        """At most 1,000; a Want answers."""
        await self._write(pb.IngestRequest(offer=pb.BlobOffer(hashes=hashes)))

    async def blob(self, content: ContentHash, data: bytes) -> None:
        """Content that was wanted."""
        await self._write(pb.IngestRequest(blob=pb.Blob(hash=content, data=data)))

    async def record(self, seq: int, body: bytes) -> None:
        """The next record; `body` is the event as it is stored."""
        event = event_pb2.Event.FromString(body)
        await self._write(pb.IngestRequest(record=pb.Record(seq=seq, event=event)))

    async def records(self, kept: Sequence[tuple[int, bytes]]) -> None:
        """The next records in one message, at most 500; the bytes travel as they are stored."""
        records = [pb.KeptRecord(seq=seq, event=body) for seq, body in kept]
        await self._write(pb.IngestRequest(records=pb.RecordBatch(records=records)))

    async def replies(self) -> AsyncGenerator[Reply]:
        """What the Dragon says, until it or we end; its refusal of the stream is raised."""
        while True:
            yield _reply(await _read(self._call))

    def cancel(self) -> None:
        """Ends the call."""
        self._call.cancel()

    async def _write(self, request: pb.IngestRequest) -> None:
        await _write(self._call, request)


class LakeClient:
    """Calls by whichever route there is. Raises the seven errors."""

    def __init__(self, routed: Routed) -> None:
        self._routed = routed

    async def search(self, query: SearchQuery) -> SearchResult:
        """Places in code."""
        request = to_pb(query, pb.SearchRequest)
        answer = await self._ask(lambda s, m: s.Search(request, metadata=m, timeout=QUESTION_S))
        return from_pb(answer, SearchResult)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Events, newest first."""
        request = to_pb(query, pb.HistoryRequest)
        answer = await self._ask(lambda s, m: s.History(request, metadata=m, timeout=QUESTION_S))
        return from_pb(answer, HistoryPage)

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event whole, and its project's name; Missing when there is none."""
        request = pb.GetEventRequest(id=event_id)
        answer = await self._ask(lambda s, m: s.GetEvent(request, metadata=m, timeout=QUESTION_S))
        return event_from_pb(answer.event), answer.project

    async def blob(self, content: ContentHash) -> bytes:
        """Content as it was indexed; Missing when it is not held."""
        request = pb.GetBlobRequest(hash=content)
        answer = await self._ask(lambda s, m: s.GetBlob(request, metadata=m, timeout=QUESTION_S))
        return answer.data

    async def recall(
        self,
        *,
        last: bool = False,
        fingerprint: str = "",
        failure: Failure | None = None,
        text: str = "",
    ) -> Recollection:
        """What is remembered about exactly one of these; Invalid without any."""
        request = _recall_request(last, fingerprint, failure, text)
        answer = await self._ask(lambda s, m: s.Recall(request, metadata=m, timeout=QUESTION_S))
        return from_pb(answer.recollection, Recollection)

    async def stats(self) -> LakeStats:
        """Sizes, budget and positions."""
        request = pb.StatsRequest()
        answer = await self._ask(lambda s, m: s.Stats(request, metadata=m, timeout=STATS_S))
        return from_pb(answer, LakeStats)

    @asynccontextmanager
    async def ingest(
        self, origin: Origin, first_held: int, last: int
    ) -> AsyncGenerator[IngestStream]:
        """An opened stream; leaving the block ends the call."""
        opening = pb.IngestOpen(origin=origin, first_held=first_held, last=last)
        try:
            stream = await self._opened(opening, fresh=False)
        except (Denied, Unavailable) as error:
            if not was_stale(error) and error.field != FOLLOWS:
                raise
            stream = await self._opened(opening, fresh=True)
        try:
            yield stream
        finally:
            stream.cancel()

    async def _opened(self, opening: pb.IngestOpen, *, fresh: bool) -> IngestStream:
        channel, metadata = await self._routed.channel(fresh=fresh)
        call = cast(_Call, cast(Any, LakeServiceStub(channel)).Ingest(metadata=metadata))
        try:
            async with asyncio.timeout(OPEN_S):
                return IngestStream(call, await _open(call, opening))
        except TimeoutError:
            call.cancel()
            raise Unavailable("the Dragon does not open the stream") from None
        except BaseException:
            call.cancel()
            raise

    async def _ask(self, fn: Callable[[Any, Metadata], Awaitable[T]]) -> T:
        async def call(channel: Channel, metadata: Metadata) -> T:
            return await fn(LakeServiceStub(channel), metadata)

        return await self._routed.call(call)


def _recall_request(
    last: bool, fingerprint: str, failure: Failure | None, text: str
) -> pb.RecallRequest:
    if fingerprint:
        return pb.RecallRequest(fingerprint=fingerprint)
    if failure is not None:
        return pb.RecallRequest(failure=to_pb(failure, failure_pb2.Failure))
    if text:
        return pb.RecallRequest(text=text)
    if last:
        return pb.RecallRequest(last=True)
    raise Invalid("recall needs last, a fingerprint, a failure or text", field="by")


async def _open(call: _Call, opening: pb.IngestOpen) -> Opened:
    await _write(call, pb.IngestRequest(open=opening))
    answer = await _read(call)
    if answer.WhichOneof("part") != "opened":
        raise Invalid("the Dragon did not answer the opening", field="part")
    opened = answer.opened
    return Opened(opened.applied, opened.rolled_back, opened.missing)


async def _write(call: _Call, request: pb.IngestRequest) -> None:
    try:
        await call.write(request)
    except (AioRpcError, asyncio.InvalidStateError) as error:
        raise await _why_ended(call) from error
    except asyncio.CancelledError:
        raise _closed_under_us() from None


async def _read(call: _Call) -> pb.IngestResponse:
    try:
        answer = await call.read()
    except AioRpcError as error:
        raise error_from_rpc(error) from error
    except asyncio.CancelledError:
        raise _closed_under_us() from None
    if not isinstance(answer, pb.IngestResponse):  # grpc.aio.EOF
        raise await _why_ended(call)
    return answer


def _closed_under_us() -> BaseException:
    """A channel that somebody closes looks to its calls as if their task was cancelled."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        return asyncio.CancelledError()
    return Unavailable("the connection was closed")


async def _why_ended(call: _Call) -> PostDevAIError:
    code = await call.code()
    if code is grpc.StatusCode.OK:
        return Unavailable("the Dragon ended the stream")
    initial, trailing = await call.initial_metadata(), await call.trailing_metadata()
    return error_from_rpc(AioRpcError(code, initial, trailing, await call.details()))


def _reply(answer: pb.IngestResponse) -> Reply:
    match answer.WhichOneof("part"):
        case "want":
            return Want(tuple(ContentHash(h) for h in answer.want.hashes))
        case "ack":
            return Ack(answer.ack.seq)
        case "refusal":
            return Refusal(answer.refusal.seq, answer.refusal.field, answer.refusal.reason)
        case other:
            raise Invalid(f"the Dragon said {other} in the middle of a stream", field="part")
