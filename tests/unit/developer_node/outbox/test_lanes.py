"""Lanes share a file and nothing else: each has its origin, its order, and its acknowledgements."""

from __future__ import annotations

from pathlib import Path

from common.model.event import CommandFinished, Event, FileChanged
from common.model.ids import ContentHash, WorkingCopyId, content_hash, new_event_id
from developer_node.outbox.lanes import Lane
from developer_node.outbox.outbox import Entry, Outbox

FAR = "f" * 16
NEAR_COPY, FAR_COPY = WorkingCopyId("1" * 16), WorkingCopyId("2" * 16)


def ran(copy: WorkingCopyId, command: str) -> Entry:
    return Event(new_event_id(), 1_000, copy, CommandFinished(command, "/code", (0,), 1)), {}


def saved(copy: WorkingCopyId, text: bytes) -> Entry:
    content = content_hash(text)
    return Event(new_event_id(), 1_000, copy, FileChanged("a", content=content)), {content: text}


async def placed(outbox: Outbox) -> Lane:
    far = await outbox.lane(FAR)
    outbox.lane_of = lambda event: far if event.working_copy == FAR_COPY else outbox
    return far


async def seqs(lane: Lane) -> list[int]:
    return [held.seq for held in await lane.batch(0, records_max=100, bytes_max=1 << 20)]


async def test_one_batch_is_numbered_for_itself_in_each_lane(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        far = await placed(outbox)
        await outbox.append(
            [ran(NEAR_COPY, "a"), ran(FAR_COPY, "b"), ran(NEAR_COPY, "c"), ran(FAR_COPY, "d")]
        )
        assert await seqs(outbox) == await seqs(far) == [1, 2]
        assert (await outbox.status()).waiting == 4


async def test_an_acknowledgement_of_one_lane_lets_nothing_of_the_other_go(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        far = await placed(outbox)
        shared = b"print()"
        await outbox.append([saved(NEAR_COPY, shared), saved(FAR_COPY, shared)])
        await outbox.acknowledge(1)
        assert await seqs(outbox) == [] and await seqs(far) == [1]
        assert await far.blob(content_hash(shared)) == shared
        assert await far.holds(FAR_COPY) and not await outbox.holds(NEAR_COPY)
        await far.acknowledge(1)
        assert await far.blob(content_hash(shared)) is None
        assert (await far.position()).first_held == 2


async def test_a_lane_that_begins_anew_leaves_the_other_as_it_was(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        far = await placed(outbox)
        await outbox.append([ran(NEAR_COPY, "a"), *(ran(FAR_COPY, each) for each in "bcd")])
        await far.acknowledge(1)
        before, home = far.origin, outbox.origin
        await far.renew_origin()
        assert far.origin != before and outbox.origin == home
        assert await seqs(far) == [1, 2] and await seqs(outbox) == [1]


async def test_lanes_are_there_again_with_what_waits_in_them(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        far = await placed(outbox)
        await outbox.append([ran(FAR_COPY, "b"), ran(NEAR_COPY, "a")])
        origin = far.origin
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        again = outbox.lanes[FAR]
        assert again.origin == origin and await seqs(again) == [1]
        assert (await again.position()).last == 1
        assert [each.span.number for each in outbox.every()] == [0, 1]


async def test_content_that_is_gone_is_left_out_of_the_lane_that_refers_to_it(
    tmp_path: Path,
) -> None:
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        far = await placed(outbox)
        await outbox.append([saved(NEAR_COPY, b"x"), saved(FAR_COPY, b"x")])
        await far.leave_out([1], {ContentHash(content_hash(b"x"))})
        (held,) = await far.batch(0, records_max=1, bytes_max=1 << 20)
        assert held.hashes == ()
        (held,) = await outbox.batch(0, records_max=1, bytes_max=1 << 20)
        assert held.hashes == (content_hash(b"x"),)


async def test_what_waits_for_nobody_any_more_goes_to_the_end_of_another_lane(
    tmp_path: Path,
) -> None:
    other = WorkingCopyId("3" * 16)
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        far = await outbox.lane(FAR)
        outbox.lane_of = lambda event: outbox if event.working_copy == NEAR_COPY else far
        text = b"print()"
        await outbox.append([ran(NEAR_COPY, "a"), ran(other, "b"), saved(FAR_COPY, text)])
        await outbox.append([ran(other, "c"), ran(FAR_COPY, "d")])
        assert await outbox.pour(far, outbox, FAR_COPY)
        assert await seqs(outbox) == [1, 2, 3] and await seqs(far) == [1, 2]
        assert (await outbox.batch(1, records_max=1, bytes_max=1))[0].hashes == (
            content_hash(text),
        )
        assert not await far.holds(FAR_COPY) and await far.holds(other)
        await outbox.acknowledge(3)
        assert await outbox.blob(content_hash(text)) is None
        await far.will_send(1)
        assert not await outbox.pour(far, outbox, other)
        assert await seqs(far) == [1, 2]
