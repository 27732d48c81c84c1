"""Whether the Dragon is there: who is believed, and how long anybody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from common.clock import SystemClock
from common.errors import Missing, Unavailable
from developer_node.away import presence as room
from developer_node.away.presence import Absence, Absent, Presence

REFUSED = Unavailable("nobody answers at that address")


class Dragon:
    """Answers, refuses or is silent, as it is told."""

    def __init__(self) -> None:
        self.says: Callable[[], Awaitable[str]] = self.well
        self.looks = 0
        self.cancelled = 0
        self.looked_often = asyncio.Event()
        self.called = asyncio.Event()

    async def look(self, timeout_s: float) -> None:
        self.looks += 1
        if self.looks == 30:
            self.looked_often.set()
        await self.says()

    async def well(self) -> str:
        return "an answer"

    async def gone(self) -> str:
        raise REFUSED

    async def silent(self) -> str:
        self.called.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        raise AssertionError


class SteppedClock(SystemClock):
    """Its wall clock is set by hand."""

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        return self.at_ms


@pytest.fixture
def dragon() -> Dragon:
    return Dragon()


@pytest.fixture
def presence(dragon: Dragon) -> Presence:
    return Presence(dragon.look, SystemClock())


async def test_a_call_that_is_refused_makes_it_away_and_the_next_waits_for_nobody(
    dragon: Dragon, presence: Presence
) -> None:
    dragon.says = dragon.gone
    with pytest.raises(Absent):
        await presence.ask(dragon.says)
    assert presence.state == "gone"
    dragon.says = dragon.silent
    with pytest.raises(Absent):
        await presence.ask(dragon.says)
    assert dragon.cancelled == 0, "it was not even called"


async def test_a_connection_that_has_just_ended_is_no_absence(
    dragon: Dragon, presence: Presence
) -> None:
    """The control case of the one before: the look that follows is answered."""
    answers = iter((dragon.gone, dragon.well))
    assert await presence.ask(lambda: next(answers)()) == "an answer"
    assert presence.state == "there"


async def test_what_a_dragon_that_is_there_says_itself_is_passed_on(
    dragon: Dragon, presence: Presence
) -> None:
    async def busy() -> str:
        raise Unavailable("the model was unloaded", hint="ask again to load it")

    async def none() -> str:
        raise Missing("there is no such event")

    with pytest.raises(Unavailable, match="unloaded") as caught:
        await presence.ask(busy)
    assert not isinstance(caught.value, Absent)
    with pytest.raises(Missing):
        await presence.ask(none)
    assert presence.state == "there"


async def test_a_silent_dragon_is_left_once_a_look_went_without_an_answer_and_then_at_once(
    dragon: Dragon, presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LOOK_LIMIT_S", 0.05)
    dragon.says = dragon.silent
    with pytest.raises(Absent):
        await presence.ask(dragon.silent)
    assert presence.state == "silent"
    left = dragon.cancelled
    assert left >= 1, "the call was not left running"
    with pytest.raises(Absent):
        await presence.ask(dragon.silent)
    assert dragon.cancelled == left, "it was not even called"


async def test_a_busy_dragon_is_waited_for_until_a_look_has_decided(
    dragon: Dragon, presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look is as late as the answer: neither is a proof that nobody is there."""
    monkeypatch.setattr(room, "LOOK_LIMIT_S", 600.0)
    looked, answered = asyncio.Event(), asyncio.Event()

    async def looking() -> str:
        looked.set()
        return await dragon.silent()

    async def slow() -> str:
        await answered.wait()
        return "late"

    dragon.says = looking
    asking = asyncio.create_task(presence.ask(slow))
    async with asyncio.timeout(30):
        await looked.wait()  # it is doubted
    done, _ = await asyncio.wait((asking,), timeout=room.IMPATIENT_S * 3)
    assert not done
    answered.set()
    assert await asking == "late"
    assert presence.state == "there"


async def test_while_it_answers_looks_a_slow_answer_is_waited_for(
    dragon: Dragon, presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control case: silence of one call is no silence of the Dragon."""
    monkeypatch.setattr(room, "LOOK_S", 0.01)

    async def slow() -> str:
        await dragon.looked_often.wait()
        return "late"

    looking = asyncio.create_task(presence.run())
    try:
        assert await presence.ask(slow) == "late"
    finally:
        looking.cancel()


async def test_whoever_comes_back_is_noticed_by_the_next_look(
    dragon: Dragon, presence: Presence
) -> None:
    dragon.says = dragon.gone
    assert not await presence.look()
    presence.turned.clear()
    dragon.says = dragon.well
    assert await presence.look()
    assert presence.state == "there"
    assert presence.turned.is_set()
    assert presence.since_ms == 0


async def test_since_when_it_is_away_is_known_only_of_one_that_was_heard(dragon: Dragon) -> None:
    clock = SteppedClock(1_000)
    presence = Presence(dragon.look, clock)
    dragon.says = dragon.gone
    await presence.look()
    assert presence.absence == Absence("gone", 1_000, was_heard=False)
    assert presence.since_ms == 0
    clock.at_ms = 5_000
    presence.heard()
    clock.at_ms = 9_000
    await presence.look()
    assert presence.absence == Absence("gone", 5_000, was_heard=True)
    assert presence.since_ms == 5_000


async def test_a_caller_that_leaves_ends_its_call(dragon: Dragon, presence: Presence) -> None:
    asking = asyncio.create_task(presence.ask(dragon.silent))
    async with asyncio.timeout(30):
        await dragon.called.wait()
    assert dragon.cancelled == 0
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert dragon.cancelled == 1


async def test_a_look_that_fails_says_nothing_once_somebody_has_heard_the_dragon(
    dragon: Dragon, presence: Presence
) -> None:
    """It was on its way before the Dragon was back."""

    async def refused_meanwhile() -> str:
        presence.heard()
        raise REFUSED

    dragon.says = refused_meanwhile
    assert await presence.look()
    assert presence.state == "there"
