"""Cards and states: each card once, also one that was made while the laptop slept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from common.errors import Unavailable
from common.model.failure import Recollection, Suggestion
from common.model.ids import EventId
from common.model.laptop import FeedState
from developer_node import live
from developer_node.feed import Feed
from developer_node.live import follow_cards, follow_state


def card(cursor: int) -> Suggestion:
    return Suggestion(str(cursor), cursor, 1, EventId("e"), "p", "why", Recollection("same"))


class Dragon:
    """Keeps cards; its stream breaks after each one."""

    def __init__(self) -> None:
        self.cards = [card(3), card(7)]
        self.asked: list[int] = []

    async def suggestions(self, after_cursor: int = 0) -> AsyncGenerator[Suggestion, None]:
        self.asked.append(after_cursor)
        for each in self.cards:
            if each.cursor > after_cursor:
                yield each
                break
        raise Unavailable("the stream broke")


async def _as_it_is(card: Suggestion) -> Suggestion | None:
    return card


async def shown(feed: Feed, count: int) -> list[object]:
    async with asyncio.timeout(20), aclosing(feed.read()) as items:
        return [(await anext(items)).item for _ in range(count)]


async def following(dragon: Dragon, feed: Feed, count: int) -> list[object]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(follow_cards(dragon, feed, _as_it_is))
        found = await shown(feed, count)
        async with asyncio.timeout(20):
            while dragon.asked[-1] != dragon.cards[-1].cursor:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        task.cancel()
    return found


async def test_cards_are_shown_once_over_broken_streams() -> None:
    dragon = Dragon()
    assert await following(dragon, Feed(), 2) == [card(3), card(7)]
    assert dragon.asked[0] == 0
    assert dragon.asked == sorted(dragon.asked)


async def test_a_restart_shows_the_cards_of_before_and_those_made_meanwhile() -> None:
    """A second start has forgotten nothing; a card made while the laptop slept arrives on wake."""
    dragon = Dragon()
    assert await following(dragon, Feed(), 2) == [card(3), card(7)]
    dragon.cards.append(card(9))
    assert await following(dragon, Feed(), 3) == [card(3), card(7), card(9)]


async def test_what_the_owner_keeps_back_is_not_shown() -> None:
    dragon, feed = Dragon(), Feed()

    async def only_the_last(each: Suggestion) -> Suggestion | None:
        return each if each.cursor == 7 else None

    async with asyncio.TaskGroup() as group:
        task = group.create_task(follow_cards(dragon, feed, only_the_last))
        assert await shown(feed, 1) == [card(7)]
        task.cancel()


async def test_a_state_is_shown_when_it_changes_and_not_while_it_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    states = [FeedState(False, True, n) for n in (1, 1, 1, 2, 2, 3)]
    feed, looks = Feed(), iter(states)

    async def look() -> FeedState:
        return next(looks, states[-1])

    monkeypatch.setattr(live, "STATE_S", 0.0)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(follow_state(look, feed))
        found = await shown(feed, 3)
        task.cancel()
    assert found == [states[0], states[3], states[5]]


async def test_a_look_that_fails_is_a_sentence_and_the_next_one_counts_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "STATE_S", 0.0)
    feed, well = Feed(), FeedState(True, True, 0)
    looks = iter([Unavailable("the outbox is closed", hint="Start again.")])

    async def look() -> FeedState:
        for refusal in looks:
            raise refusal
        return well

    async with asyncio.TaskGroup() as group:
        task = group.create_task(follow_state(look, feed))
        found = await shown(feed, 2)
        task.cancel()
    assert found == [FeedState(False, False, 0, "the outbox is closed. Start again."), well]
