"""A laptop's stream: order, wants, acknowledgements after durability, refusals that end it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from common.errors import Invalid, OverLimit
from common.model.ids import ContentHash, NodeId, Origin, content_hash
from common.wire.nouns import event_to_bytes
from dragon_node.ingest import pipeline as pipeline_room
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
from dragon_node.lake.intake import Journalled, Opened
from dragon_node.lake.records import Blobs, Refusal
from tests.support.lake import NODE, ORIGIN, event, opened, ran, saved, seen

TEXT = b"def hello(): pass\n"
NAME = content_hash(TEXT)


class Lake:
    """Durable at once; applied when the test says so."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.kept: set[ContentHash] = set()
        self.applied = asyncio.Event()
        self.full = False

    async def open_origin(
        self, origin: Origin, node_id: NodeId, first_held: int, last: int
    ) -> Opened:
        return Opened(0, rolled_back=last == 99)

    async def journal(
        self, origin: Origin, node_id: NodeId, records: Sequence[tuple[int, bytes]], blobs: Blobs
    ) -> Journalled:
        if self.full:
            raise OverLimit("the journal is full")
        self.batches.append(len(records))
        self.kept |= set(blobs)
        refusals = tuple(Refusal(s, "event", "bad") for s, raw in records if raw == b"bad")
        return Journalled(records[-1][0], records[-1][0], refusals, frozenset(blobs))

    async def until_applied(self, lsn: int) -> None:
        await self.applied.wait()
        if self.full:
            raise OverLimit("the RAM disk is full")

    async def keep(self, blobs: Blobs) -> None:
        self.kept |= set(blobs)

    async def holds(self, hashes: Sequence[ContentHash]) -> set[ContentHash]:
        return self.kept & set(hashes)


class Stream:
    """One stream, its parts given one by one."""

    def __init__(self, lake: pipeline_room.LakeLike) -> None:
        self.parts: asyncio.Queue[Part | None] = asyncio.Queue()
        self.replies: asyncio.Queue[Reply] = asyncio.Queue()
        self._pipeline = Pipeline(lake)

    async def run(self) -> None:
        await self._pipeline.serve(NODE, self._given(), self.replies.put)

    def give(self, *parts: Part | None) -> None:
        for part in parts:
            self.parts.put_nowait(part)

    async def _given(self) -> AsyncIterator[Part]:
        while (part := await self.parts.get()) is not None:
            yield part


async def _all(lake: pipeline_room.LakeLike, *parts: Part) -> list[Reply]:
    stream = Stream(lake)
    stream.give(*parts, None)
    await stream.run()
    return [stream.replies.get_nowait() for _ in range(stream.replies.qsize())]


OPEN = Open(ORIGIN, 1, 3)


async def test_nothing_is_acknowledged_before_it_is_applied() -> None:
    lake = Lake()
    stream = Stream(lake)
    async with asyncio.TaskGroup() as group:
        group.create_task(stream.run())
        stream.give(OPEN, Entry(1, b"x"), Offer((NAME,)))
        assert isinstance(await stream.replies.get(), Opened)
        assert await stream.replies.get() == Want((NAME,)), "journalled, and not acknowledged"
        assert lake.batches == [1]
        lake.applied.set()
        assert await stream.replies.get() == Ack(1)
        stream.give(None)


async def test_records_that_wait_are_journalled_together() -> None:
    lake = Lake()
    lake.applied.set()
    replies = await _all(lake, OPEN, *(Entry(i, b"x") for i in range(1, 701)))
    assert lake.batches[-1] != 1
    assert max(lake.batches) <= 500
    assert replies[-1] == Ack(700)


async def test_a_batch_is_journalled_as_it_came_and_answered_once() -> None:
    lake = Lake()
    lake.applied.set()
    batches = [Entries([(i, b"x") for i in range(n, n + 500)]) for n in (1, 501)]
    replies = await _all(lake, OPEN, *batches, Entry(1001, b"x"))
    assert lake.batches == [500, 500, 1]
    assert replies[1:] == [Ack(500), Ack(1000), Ack(1001)]


async def test_large_batches_wait_outside_and_all_of_them_arrive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline_room, "INBOX_BYTES_MAX", 10)
    lake = Lake()
    lake.applied.set()
    replies = await _all(lake, OPEN, *(Entries([(i, b"x" * 9)]) for i in range(1, 50)))
    assert lake.batches == [1] * 49
    assert replies[-1] == Ack(49)


async def test_a_refusal_comes_before_the_acknowledgement_that_covers_it() -> None:
    lake = Lake()
    lake.applied.set()
    replies = await _all(lake, OPEN, Entry(1, b"x"), Entry(2, b"bad"))
    assert replies[-2:] == [Refusal(2, "event", "bad"), Ack(2)]


async def test_only_what_is_lacking_is_wanted_and_every_offer_is_answered() -> None:
    lake = Lake()
    lake.applied.set()
    parts = [OPEN, Offer((NAME, NAME)), Content(NAME, TEXT), Entry(1, b"x"), Offer((NAME,))]
    replies = await _all(lake, *parts)
    assert [r for r in replies if isinstance(r, Want)] == [Want((NAME,)), Want(())]


async def test_content_beyond_the_limit_is_made_durable_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline_room, "CONTENT_BYTES_MAX", 10)
    lake = Lake()
    await _all(lake, OPEN, Content(NAME, TEXT), Content(content_hash(b"x"), b"x"))
    assert lake.kept == {NAME}


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ([Entry(1, b"x")], "open"),
        ([OPEN, OPEN], "open"),
        ([OPEN, Content(NAME, b"other")], "blob.hash"),
        ([OPEN, Content(NAME, b"x" * ((1 << 20) + 1))], "blob.data"),
        ([OPEN, Offer((NAME,) * 1001)], "offer.hashes"),
        ([OPEN, Entries([(i, b"x") for i in range(1, 502)])], "records.records"),
        ([OPEN, Entries([])], "records.records"),
        ([OPEN, Offer((ContentHash("short"),))], "offer.hashes"),
    ],
)
async def test_what_is_malformed_ends_the_stream_and_names_the_field(
    parts: list[Part], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        await _all(Lake(), *parts)
    assert error.value.field == field


async def test_a_restored_outbox_is_told_and_nothing_is_taken_from_it() -> None:
    lake = Lake()
    replies = await _all(lake, Open(ORIGIN, 1, 99), Entry(1, b"x"))
    assert replies == [Opened(0, rolled_back=True)]
    assert lake.batches == []


async def test_a_full_lake_ends_the_stream_with_one_clear_refusal() -> None:
    """Journal and application fail together; the laptop is to be told of one of them."""
    lake = Lake()
    stream = Stream(lake)
    with pytest.raises(OverLimit):
        async with asyncio.timeout(5):
            stream.give(OPEN, Entry(1, b"x"), Offer(()))
            async with asyncio.TaskGroup() as group:
                running = group.create_task(_unwrapped(stream))
                await stream.replies.get()
                await stream.replies.get()
                lake.full = True
                lake.applied.set()
                stream.give(Entry(2, b"x"))
            raise running.result()


async def _unwrapped(stream: Stream) -> BaseException:
    try:
        await stream.run()
    except OverLimit as error:
        return error
    raise AssertionError("it went on")


async def test_through_a_real_lake_what_is_acknowledged_is_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        bodies = [seen(), saved("a.py", TEXT.decode()), ran()]
        entries = [Entry(i, event_to_bytes(event(b))) for i, b in enumerate(bodies, start=1)]
        replies = await _all(lake, OPEN, Offer((NAME,)), Content(NAME, TEXT), *entries)
        assert replies[-1] == Ack(3)
        assert (await lake.stats()).events == 3
        assert await lake.blob(NAME) == TEXT
        again = await _all(lake, OPEN, Offer((NAME,)), *entries)
        assert again == [Opened(3, False), Want(()), Ack(3)]
        assert (await lake.stats()).events == 3
