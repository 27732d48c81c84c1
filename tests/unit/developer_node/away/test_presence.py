"""Whether the Dragon is there: who is believed, and how long anybody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from common.clock import SystemClock
from common.errors import Missing, Unavailable
from developer_node.away import presence as room
from developer_node.away.presence import Absent, Presence, state_of

REFUSED = Unavailable("nobody answers at that address")


class Dragon:
    """Answers, refuses or is silent, as it is told."""

    def __init__(self) -> None:
        self.says: Callable[[], Awaitable[str]] = self.well
        self.looks = 0
        self.cancelled = 0
        self.looked_often = asyncio.Event()

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
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        raise AssertionError


@pytest.fixture
def dragon() -> Dragon:
    return Dragon()


@pytest.fixture
def presence(dragon: Dragon) -> Presence:
    return Presence(dragon.look, SystemClock())


def test_one_silence_is_a_doubt_and_two_are_an_absence() -> None:
    assert [state_of(False, missed) for missed in range(4)] == ["there", "doubtful", "away", "away"]
    assert state_of(True, 0) == "away"


async def test_a_call_that_is_refused_makes_it_away_and_the_next_waits_for_nobody(
    dragon: Dragon, presence: Presence
) -> None:
    dragon.says = dragon.gone
    with pytest.raises(Absent):
        await presence.ask(dragon.says)
    assert presence.away
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


async def test_a_silent_dragon_is_left_once_a_look_went_without_an_answer(
    dragon: Dragon, presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LOOK_LIMIT_S", 0.05)
    monkeypatch.setattr(room, "LOOK_S", 0.05)
    dragon.says = dragon.silent
    looking = asyncio.create_task(presence.run())
    try:
        with pytest.raises(Absent):
            await presence.ask(dragon.silent)
    finally:
        looking.cancel()
    assert dragon.cancelled >= 1, "the call was not left running"
    assert presence.since_ms > 0


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


async def test_a_caller_that_leaves_ends_its_call(dragon: Dragon, presence: Presence) -> None:
    asking = asyncio.create_task(presence.ask(dragon.silent))
    while not asking.done() and dragon.cancelled == 0:
        await asyncio.sleep(0)
        asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_doubt_is_waited_through_by_who_is_patient_and_by_nobody_else(
    dragon: Dragon, presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LOOK_LIMIT_S", 0.01)
    monkeypatch.setattr(room, "LATE_S", 0.01)
    dragon.says = dragon.silent
    await presence.look()
    assert presence.state == "doubtful"
    monkeypatch.setattr(room, "LOOK_LIMIT_S", 600.0)  # no further look ends before this test
    answered = asyncio.Event()

    async def slow() -> str:
        await answered.wait()
        return "late"

    with pytest.raises(Absent):
        await presence.ask(slow)
    waiting = asyncio.create_task(presence.ask(slow, patient=True))
    await asyncio.sleep(room.HEDGE_S * 2)
    answered.set()
    assert await waiting == "late"
    assert presence.state == "there"


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
