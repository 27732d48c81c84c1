"""One laptop's stream into the lake: batches are journalled while earlier ones are applied.

    parts -> inbox -> batches -> journal (fsync) -> in flight -> applied -> acknowledgement

An acknowledgement says: durable and applied. Nothing is said before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from common.alongside import alongside
from common.errors import Invalid, PostDevAIError
from common.model.ids import BLOB_BYTES_MAX, ContentHash, NodeId, Origin, content_hash
from dragon_node.lake.intake import Journalled, Opened
from dragon_node.lake.records import Blobs, Refusal

INBOX_PARTS_MAX = 1_000
INBOX_BYTES_MAX = 16 << 20
"""Parts and bytes that wait here; then the stream's flow control holds the laptop back."""
BATCH_RECORDS_MAX = 500
BATCH_BYTES_MAX = 1 << 20
IN_FLIGHT_MAX = 8
"""Batches that are journalled and not yet applied."""
CONTENT_BYTES_MAX = 32 << 20
"""Content that waits for its records; more is made durable ahead of them."""
OFFER_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Open:
    """The first part: which outbox this is and what it holds."""

    origin: Origin
    first_held: int
    last: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Contents that the next records refer to."""

    hashes: tuple[ContentHash, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """Content that was wanted."""

    hash: ContentHash
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """The next record, its event as bytes."""

    seq: int
    event: bytes


@dataclass(frozen=True, slots=True)
class Entries:
    """The next records, each with its event as bytes."""

    records: Sequence[tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Want:
    """The part of an offer that is not held."""

    hashes: tuple[ContentHash, ...]


@dataclass(frozen=True, slots=True)
class Ack:
    """Everything up to here is durable and applied."""

    seq: int


Part = Open | Offer | Content | Entry | Entries
Reply = Opened | Want | Ack | Refusal
Send = Callable[[Reply], Awaitable[None]]


class LakeLike(Protocol):
    """What of the lake is needed here."""

    async def open_origin(
        self, origin: Origin, node_id: NodeId, first_held: int, last: int
    ) -> Opened:
        """What is held of an outbox."""
        ...

    async def journal(
        self, origin: Origin, node_id: NodeId, records: Sequence[tuple[int, bytes]], blobs: Blobs
    ) -> Journalled:
        """Makes durable."""
        ...

    async def until_applied(self, lsn: int) -> None:
        """Returns once applied."""
        ...

    async def keep(self, blobs: Blobs) -> None:
        """Makes contents durable."""
        ...

    async def holds(self, hashes: Sequence[ContentHash]) -> set[ContentHash]:
        """Which contents are durable."""
        ...


class Pipeline:
    """Serves streams of laptops."""

    def __init__(self, lake: LakeLike) -> None:
        self._lake = lake

    async def serve(self, node: NodeId, parts: AsyncIterator[Part], send: Send) -> None:
        """One stream, until the laptop ends it. Raises the first error, which ends it too."""
        first = await anext(parts, None)
        if not isinstance(first, Open):
            raise Invalid("the first message must be open", field="open")
        opened = await self._lake.open_origin(first.origin, node, first.first_held, first.last)
        await send(opened)
        if opened.rolled_back:
            return
        stream = _Stream(self._lake, first.origin, node, _one_at_a_time(send))
        try:
            await stream.run(parts)
        except BaseExceptionGroup as group:
            raise _first(group) from None


class _Stream:
    def __init__(self, lake: LakeLike, origin: Origin, node: NodeId, send: Send) -> None:
        self._lake = lake
        self._origin = origin
        self._node = node
        self._send = send
        self._inbox: asyncio.Queue[Part | None] = asyncio.Queue(INBOX_PARTS_MAX)
        self._inbox_bytes = 0
        self._inbox_room = asyncio.Event()
        self._in_flight: asyncio.Queue[Journalled | None] = asyncio.Queue(IN_FLIGHT_MAX)
        self._content: dict[ContentHash, bytes] = {}
        self._content_bytes = 0
        self._all_acknowledged = asyncio.Event()

    async def run(self, parts: AsyncIterator[Part]) -> None:
        async with alongside(self._read(parts), self._acknowledge()):
            part = await self._next()
            while part is not None:
                part = await self._handle(part)
            await self._in_flight.put(None)
            await self._all_acknowledged.wait()

    async def _read(self, parts: AsyncIterator[Part]) -> None:
        async for part in parts:
            while self._inbox_bytes >= INBOX_BYTES_MAX:
                self._inbox_room.clear()
                await self._inbox_room.wait()
            self._inbox_bytes += _size(part)
            await self._inbox.put(part)
        await self._inbox.put(None)

    async def _next(self) -> Part | None:
        return self._taken(await self._inbox.get())

    def _taken(self, part: Part | None) -> Part | None:
        self._inbox_bytes -= _size(part)
        self._inbox_room.set()
        return part

    async def _acknowledge(self) -> None:
        while (journalled := await self._in_flight.get()) is not None:
            await self._lake.until_applied(journalled.lsn)
            for refusal in journalled.refusals:
                await self._send(refusal)
            await self._send(Ack(journalled.seq))
        self._all_acknowledged.set()

    async def _handle(self, part: Part) -> Part | None:
        """Does it, and returns the next."""
        match part:
            case Open():
                raise Invalid("open comes once, first", field="open")
            case Offer(hashes=hashes):
                await self._offered(hashes)
            case Content():
                await self._received(part)
            case Entry() | Entries():
                return await self._journal(part)
        return await self._next()

    async def _offered(self, hashes: tuple[ContentHash, ...]) -> None:
        if len(hashes) > OFFER_MAX:
            raise Invalid(f"{len(hashes)} hashes; {OFFER_MAX} at most", field="offer.hashes")
        for content in hashes:
            _check_hash(content, "offer.hashes")
        held = await self._lake.holds(hashes)
        lacking = (h for h in dict.fromkeys(hashes) if h not in held and h not in self._content)
        await self._send(Want(tuple(lacking)))

    async def _received(self, part: Content) -> None:
        if len(part.data) > BLOB_BYTES_MAX:
            raise Invalid(
                f"a content of {len(part.data):,} bytes; {BLOB_BYTES_MAX:,} at most",
                field="blob.data",
            )
        if content_hash(part.data) != part.hash:
            raise Invalid("blob.hash is not the hash of blob.data", field="blob.hash")
        if self._content_bytes + len(part.data) > CONTENT_BYTES_MAX:
            await self._lake.keep(self._content)
            self._forget(self._content)
        self._content[part.hash] = part.data
        self._content_bytes += len(part.data)

    async def _journal(self, first: Entry | Entries) -> Part | None:
        """A batch: these records and those that wait behind them. Returns what follows."""
        records, following = _records(first), None
        size = _size(first)
        ended = False
        while len(records) < BATCH_RECORDS_MAX and size < BATCH_BYTES_MAX:
            try:
                following = self._taken(self._inbox.get_nowait())
            except asyncio.QueueEmpty:
                break
            if not isinstance(following, Entry):
                ended = following is None
                break
            records.append((following.seq, following.event))
            size += len(following.event)
            following = None
        journalled = await self._lake.journal(self._origin, self._node, records, self._content)
        # It may have journalled contents anew that this stream never brought.
        self._forget(journalled.contents & self._content.keys())
        await self._in_flight.put(journalled)
        return None if ended else following or await self._next()

    def _forget(self, contents: Iterable[ContentHash]) -> None:
        for content in list(contents):
            self._content_bytes -= len(self._content.pop(content))


def _records(part: Entry | Entries) -> list[tuple[int, bytes]]:
    """Invalid when a batch is larger than one may be, or empty."""
    if isinstance(part, Entry):
        return [(part.seq, part.event)]
    if not 1 <= len(part.records) <= BATCH_RECORDS_MAX:
        raise Invalid(
            f"{len(part.records)} records; 1 to {BATCH_RECORDS_MAX} are a batch",
            field="records.records",
        )
    return list(part.records)


def _size(part: Part | None) -> int:
    match part:
        case Content(data=data) | Entry(event=data):
            return len(data)
        case Entries(records=records):
            return sum(len(event) for _, event in records)
        case _:
            return 0


def _one_at_a_time(send: Send) -> Send:
    turn = asyncio.Lock()

    async def ordered(reply: Reply) -> None:
        async with turn:
            await send(reply)

    return ordered


def _check_hash(content: ContentHash, name: str) -> None:
    if len(content) != 32 or not all(c in "0123456789abcdef" for c in content):
        raise Invalid(f"{name} holds {content[:40]!r}, not 32 hex digits", field=name)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The refusal that ended the stream, where reading and acknowledging failed together."""
    refusals = (error for error in _leaves(group) if isinstance(error, PostDevAIError))
    return next(refusals, group)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in cast(BaseExceptionGroup[BaseException], error).exceptions:
            yield from _leaves(inner)
    else:
        yield error
