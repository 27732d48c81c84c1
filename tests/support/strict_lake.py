"""A lake in memory that follows the protocol to the letter, and can be told to misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio

from common.errors import Invalid, Missing, OverLimit, PostDevAIError
from common.model.event import Event, content_hashes
from common.model.failure import Recollection, Remedy
from common.model.node import Route
from common.pb.postdevai.v1 import failure_pb2
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from common.pb.postdevai.v1.lake_service_pb2_grpc import (
    LakeServiceServicer,
    add_LakeServiceServicer_to_server,
)
from common.rpc.routed import Routed
from common.rpc.status import abort
from common.wire.nouns import event_from_pb, event_to_pb
from common.wire.translate import to_pb

# Only the laptop's part of the service is here: what is not answers "unimplemented", as gRPC does.
_Unimplemented: Any = LakeServiceServicer


class StrictLake(_Unimplemented):
    """Keeps what it acknowledged. One instance outlives the servers that it is put behind."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}
        self.applied: dict[str, int] = {}
        self.missing: dict[str, int] = {}
        self.blobs: dict[str, bytes] = {}
        self.opens: list[tuple[str, int, int]] = []
        self.offered: list[str] = []
        self.together: list[int] = []
        """How many records each message brought."""
        self.refuses: Callable[[Event], bool] = lambda event: False
        self.on_open: PostDevAIError | None = None
        self.owned: dict[str, PostDevAIError] = {}
        """What it says of origins that are another node's."""
        self.full_after: int | None = None
        self.acks = True
        self.cut_after: int | None = None
        """Records after which the stream ends without a word, once."""
        self.remedies: tuple[Remedy, ...] = ()
        """What it recalls of any failure."""
        self.finds: pb.SearchResponse | None = None
        """What it answers to any search; a hit named like the query when None."""
        self.came = asyncio.Condition()

    async def Ingest(self, request_iterator: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        try:
            async for answer in self._ingest(request_iterator):
                yield answer
        except PostDevAIError as error:
            await abort(context, error)

    async def _ingest(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        first = await anext(requests)
        if first.WhichOneof("part") != "open":
            raise Invalid("open comes first", field="part")
        if self.on_open is not None:
            raise self.on_open
        origin, last = first.open.origin, first.open.last
        if origin in self.owned:
            raise self.owned[origin]
        applied = self.applied.setdefault(origin, 0)
        self.opens.append((origin, first.open.first_held, last))
        gap = max(0, first.open.first_held - 1 - applied)
        missing = self.missing[origin] = self.missing.get(origin, 0) + gap
        self.applied[origin] = applied + gap
        opened = pb.IngestOpened(applied=applied + gap, rolled_back=last < applied, missing=missing)
        yield pb.IngestResponse(opened=opened)
        in_stream = 0
        async for request in requests:
            match request.WhichOneof("part"):
                case "offer":
                    hashes = list(request.offer.hashes)
                    if len(hashes) > 1_000:
                        raise Invalid("more than 1,000 hashes", field="offer.hashes")
                    self.offered += hashes
                    wanted = [h for h in hashes if h not in self.blobs]
                    yield pb.IngestResponse(want=pb.BlobWant(hashes=wanted))
                case "blob":
                    self.blobs[request.blob.hash] = request.blob.data
                case "record" | "records":
                    records = _records(request)
                    self.together.append(len(records))
                    for record in records:
                        in_stream += 1
                        if self.cut_after is not None and in_stream > self.cut_after:
                            self.cut_after = None
                            return
                        for answer in await self._record(origin, record):
                            yield answer
                case other:
                    raise Invalid(f"{other} in the middle", field="part")

    async def _record(self, origin: str, record: Any) -> Sequence[Any]:
        seq, event = record.seq, event_from_pb(record.event)
        if seq <= self.applied[origin]:
            return [pb.IngestResponse(ack=pb.IngestAck(seq=self.applied[origin]))]
        if seq != self.applied[origin] + 1:
            raise Invalid(f"{seq} after {self.applied[origin]}", field="record.seq")
        if self.full_after is not None and len(self.events.get(origin, [])) >= self.full_after:
            raise OverLimit("the lake is full: 95 of 100 MB")
        for content in content_hashes(event.body):
            if content not in self.blobs:
                raise Invalid(f"blob {content} is not held", field="record.event")
        self.applied[origin] = seq
        if self.refuses(event):
            refusal = pb.IngestRefusal(seq=seq, field="event.body", reason="never")
            answers = [pb.IngestResponse(refusal=refusal)]
        else:
            self.events.setdefault(origin, []).append(event)
            answers = []
        async with self.came:
            self.came.notify_all()
        if self.acks:
            answers.append(pb.IngestResponse(ack=pb.IngestAck(seq=seq)))
        return answers

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns once it holds; asked again whenever a record came."""
        async with asyncio.timeout(20), self.came:
            await self.came.wait_for(holds)

    @property
    def events_in_order(self) -> list[Event]:
        """Every accepted event, over all origins."""
        return [event for events in self.events.values() for event in events]

    @property
    def ids(self) -> list[str]:
        """The same by their names."""
        return [event.id for event in self.events_in_order]

    async def Search(self, request: Any, context: Any) -> Any:  # noqa: N802
        if not request.query:
            await abort(context, Invalid("the query is empty", field="query"))
        if self.finds is not None:
            return self.finds
        hit = {"project": "p", "path": request.query, "start_line": 1, "end_line": 1}
        return pb.SearchResponse(hits=[hit], complete=True)

    async def Stats(self, request: Any, context: Any) -> Any:  # noqa: N802
        return pb.StatsResponse(lsn=len(self.ids), back_end="directory")

    async def Recall(self, request: Any, context: Any) -> Any:  # noqa: N802
        note = f"by {request.WhichOneof('by')}"
        known = Recollection("none", remedies=self.remedies, note=note)
        return pb.RecallResponse(recollection=to_pb(known, failure_pb2.Recollection))

    async def History(self, request: Any, context: Any) -> Any:  # noqa: N802
        entries = [
            pb.HistoryEntry(cursor=n, event=event_to_pb(event), project="p")
            for n, event in enumerate(self.events_in_order, start=1)
        ]
        return pb.HistoryResponse(entries=entries[::-1][: request.limit or 50])

    async def GetEvent(self, request: Any, context: Any) -> Any:  # noqa: N802
        for event in self.events_in_order:
            if event.id == request.id:
                return pb.GetEventResponse(event=event_to_pb(event), project="p")
        await abort(context, Missing(f"there is no event {request.id}"))

    async def GetBlob(self, request: Any, context: Any) -> Any:  # noqa: N802
        if request.hash not in self.blobs:
            await abort(context, Missing(f"{request.hash} is not held"))
        return pb.GetBlobResponse(data=self.blobs[request.hash])


def _records(request: Any) -> Sequence[Any]:
    """The records of a message, one or many; a batch's as if they had come one by one."""
    if request.WhichOneof("part") == "record":
        return [request.record]
    kept = request.records.records
    if not 1 <= len(kept) <= 500:
        raise Invalid(f"{len(kept)} records in a batch", field="records")
    return [pb.Record.FromString(each.SerializeToString()) for each in kept]


class PlainChannels:
    """Channels without TLS to servers in this process."""

    def __init__(self) -> None:
        self._channels: dict[str, grpc.aio.Channel] = {}

    async def to(self, endpoint: str, identity: str) -> grpc.aio.Channel:
        """The channel to an endpoint."""
        if endpoint not in self._channels:
            self._channels[endpoint] = grpc.aio.insecure_channel(endpoint)
        return self._channels[endpoint]

    async def close(self) -> None:
        """Ends all."""
        for channel in self._channels.values():
            await channel.close()


class Neighbourhood:
    """A lake that can be put up, killed and put up again at the same address."""

    def __init__(self, lake: StrictLake) -> None:
        self.lake = lake
        self._server: grpc.aio.Server | None = None
        self._port = 0
        self._channels = PlainChannels()

    async def up(self) -> None:
        """Serves, at the port of last time."""
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        add_LakeServiceServicer_to_server(self.lake, self._server)
        self._port = self._server.add_insecure_port(f"127.0.0.1:{self._port}")
        await self._server.start()

    async def kill(self) -> None:
        """Ends every call at once."""
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    def routed(self, afresh: Neighbourhood | None = None) -> Routed:
        """The way there; to another one where routes are asked for afresh."""

        async def resolve(*, fresh: bool) -> tuple[Route, ...]:
            there = afresh if fresh and afresh else self
            return (Route(f"127.0.0.1:{there._port}", "spiffe://m/dragon/d", "ticket", 1 << 60),)

        return Routed("lake", resolve, self._channels)  # type: ignore[arg-type]

    @classmethod
    @asynccontextmanager
    async def open(cls, lake: StrictLake) -> AsyncGenerator[Neighbourhood, None]:
        """Up until the block ends."""
        made = cls(lake)
        await made.up()
        try:
            yield made
        finally:
            await made.kill()
            await made._channels.close()
