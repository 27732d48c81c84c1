"""The feed: bounded, resumable, and never held up by a reader."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from common.errors import OverLimit
from common.model.event import CommandFinished, Commit, Event, GitOperation, Output, PathChange
from common.model.ids import WorkingCopyId, new_event_id
from common.model.laptop import FeedGap, FeedState
from developer_node.feed import Feed


def state(waiting: int) -> FeedState:
    return FeedState(True, True, waiting)


async def test_a_reader_gets_what_is_kept_after_its_cursor_and_then_what_comes() -> None:
    feed = Feed()
    for n in range(3):
        feed.publish(state(n))
    async with aclosing(feed.read(after=1)) as items:
        assert [(await anext(items)).cursor for _ in range(2)] == [2, 3]
        feed.publish(state(9))
        assert (await anext(items)).item == state(9)


async def test_the_ring_forgets_the_oldest() -> None:
    feed = Feed(items_max=2)
    for n in range(5):
        feed.publish(state(n))
    async with aclosing(feed.read()) as items:
        assert [(await anext(items)).cursor for _ in range(2)] == [4, 5]


async def test_a_slow_reader_is_cut_and_resumes_by_its_cursor_while_others_go_on() -> None:
    feed = Feed(behind_max=3)
    feed.publish(state(0))
    async with aclosing(feed.read()) as slow, aclosing(feed.read()) as quick:
        last = (await anext(slow)).cursor
        await anext(quick)
        with pytest.raises(OverLimit):
            for n in range(1, 9):
                feed.publish(state(n))
                assert (await anext(quick)).item == state(n)
            while True:
                await anext(slow)
    async with aclosing(feed.read(after=last)) as again:
        assert (await anext(again)).item == state(1)


async def test_a_cursor_of_an_earlier_daemon_gets_a_gap_and_then_everything() -> None:
    feed = Feed()
    feed.publish(state(1))
    async with aclosing(feed.read(after=500)) as items:
        assert isinstance((await anext(items)).item, FeedGap)
        assert (await anext(items)).cursor == 1


async def test_output_and_patches_stay_out_of_the_feed() -> None:
    feed = Feed()
    command = CommandFinished("make", "/w", (1,), 5, Output("long", 4))
    commit = Commit("c" * 40, (), 1, "subject", (PathChange("a"),), patch="long")
    for body in (command, GitOperation("commit", commits=(commit,))):
        feed.publish(Event(new_event_id(), 1, WorkingCopyId(""), body))
    async with aclosing(feed.read()) as items:
        shown = [await anext(items) for _ in range(2)]
    assert "long" not in repr(shown)
    assert "subject" in repr(shown)


async def test_a_cursor_of_another_epoch_gets_a_gap_and_then_everything() -> None:
    feed = Feed()
    for n in range(3):
        feed.publish(state(n))
    async with aclosing(feed.read(after=2, epoch="another life")) as items:
        first = await anext(items)
        assert (first.item, first.cursor) == (
            FeedGap(-1, "The daemon was started again: what is kept follows."),
            0,
        )
        assert [(await anext(items)).cursor for _ in range(3)] == [1, 2, 3]


async def test_what_left_the_ring_is_said_to_a_reader_that_missed_it() -> None:
    feed = Feed(items_max=2)
    for n in range(5):
        feed.publish(state(n))
    async with aclosing(feed.read(after=1, epoch=feed.epoch)) as items:
        gap = (await anext(items)).item
        assert isinstance(gap, FeedGap)
        assert gap.missed == 2
        assert [(await anext(items)).cursor for _ in range(2)] == [4, 5]


async def test_a_reader_that_missed_nothing_sees_no_gap() -> None:
    feed = Feed(items_max=2)
    for n in range(5):
        feed.publish(state(n))
    async with aclosing(feed.read(after=3, epoch=feed.epoch)) as items:
        assert (await anext(items)).cursor == 4
