"""Changes of models: told once, in order, and again from where a watcher was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from common.model.llm import Model, ModelChange
from dragon_node.inference.feed import CHANGES_MAX, ModelFeed
from tests.support.scripted_daemon import SetClock

MODELS = (Model("a", "fast", "ready"), Model("b", "code", "missing"))


async def present() -> tuple[Model, ...]:
    return MODELS


def a_model(number: int) -> Model:
    return Model("a", "fast", "loading", number / 10_000)


async def some(changes: AsyncGenerator[ModelChange], number: int) -> list[ModelChange]:
    return [await anext(changes) for _ in range(number)]


async def test_a_new_watcher_gets_the_present_state_as_a_reset_and_then_what_changes():
    feed = ModelFeed(SetClock(5), present)
    watch = feed.changes(0)
    state = await some(watch, 2)
    assert [(c.model.name, c.reset) for c in state] == [("a", True), ("b", True)]
    coming = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0)
    feed.tell(a_model(1))
    change = await coming
    assert (change.model.state, change.reset) == ("loading", False)
    assert change.cursor > state[0].cursor


async def test_a_watcher_goes_on_after_its_cursor():
    feed = ModelFeed(SetClock(5), present)
    for number in range(3):
        feed.tell(a_model(number))
    first = feed.changes(0)
    (state, *_) = await some(first, 2)
    feed.tell(a_model(3))
    feed.tell(a_model(4))
    again = await some(feed.changes(state.cursor), 2)
    assert [c.model.progress for c in again] == [0.0003, 0.0004]
    assert not any(c.reset for c in again)


async def test_what_changes_nothing_is_no_change():
    feed = ModelFeed(SetClock(5), present)
    watch = feed.changes(0)
    await some(watch, 2)
    feed.tell(a_model(1))
    feed.tell(a_model(1))
    feed.tell(a_model(2))
    assert [c.model.progress for c in await some(watch, 2)] == [0.0001, 0.0002]


async def test_a_watcher_that_was_away_too_long_is_reset_not_left_with_a_gap():
    feed = ModelFeed(SetClock(5), present)
    watch = feed.changes(0)
    (state, *_) = await some(watch, 2)
    for number in range(CHANGES_MAX + 1):
        feed.tell(a_model(number))
    assert [c.reset for c in await some(feed.changes(state.cursor), 2)] == [True, True]
    assert [c.reset for c in await some(watch, 2)] == [True, True]


async def test_a_cursor_of_an_earlier_start_is_reset():
    before = ModelFeed(SetClock(5), present)
    before.tell(a_model(1))
    (old, *_) = await some(before.changes(0), 2)
    after = ModelFeed(SetClock(6), present)
    after.tell(a_model(2))
    assert [c.reset for c in await some(after.changes(old.cursor), 2)] == [True, True]


async def test_a_model_that_has_left_is_told_once_and_may_come_again():
    feed = ModelFeed(SetClock(5), present)
    feed.begin(MODELS)
    watch = feed.changes(0)
    await some(watch, 2)
    feed.keep({"a"})
    feed.keep({"a"})
    feed.tell(MODELS[1])
    gone, again = await some(watch, 2)
    assert (gone.model.name, gone.gone, gone.reset) == ("b", True, False)
    assert gone.model.reason == "it has left the catalogue"
    assert (again.model, again.gone) == (MODELS[1], False)
