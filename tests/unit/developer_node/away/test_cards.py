"""Cards from the mirror: what the Dragon would show, and nothing that it holds back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from common.clock import SystemClock
from common.errors import Unavailable
from common.model.answer import Away
from common.model.event import CommandFinished, Event
from common.model.failure import Failure, Occurrence, Recollection, Remedy, Suggestion
from common.model.ids import Fingerprint, WorkingCopyId, card_id, new_event_id
from common.model.near import MirroredSymptom
from developer_node.away import cards as room
from developer_node.away.cards import NearCards
from developer_node.away.presence import Presence

BROKEN = Failure("pytest", "E", "test", "5 != 4", "n", fingerprint=Fingerprint("f"), values="v")
REMEDY = Remedy("r1", "observed", "code")
SEEN = "the same symptom was seen before"


@dataclass
class World:
    """A symptom that is remembered, and cards that are shown."""

    dragon_is_there: bool = False
    offered: bool = True
    snoozed_until_ms: int = 0
    remedies: tuple[Remedy, ...] = (REMEDY,)
    match: str = "same"
    observer: bool = False
    shown: list[Suggestion] = field(default_factory=list)
    was_shown: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self, timeout_s: float) -> None:
        if not self.dragon_is_there:
            raise Unavailable("nobody answers at that address")

    async def symptom(self, failure: Failure) -> MirroredSymptom | None:
        known = MirroredSymptom(
            BROKEN.fingerprint, "v", "s", 1, 1, await self.recall(failure=failure)
        )
        known = replace(known, offered=self.offered, snoozed_until_ms=self.snoozed_until_ms)
        return replace(known, why=SEEN) if failure == BROKEN else None

    async def recall(self, *, failure: Failure | None = None) -> Recollection:
        seen = Occurrence(new_event_id(), 1, "thing", "/w", "", "pytest", "5 != 4")
        return Recollection(
            self.match,  # type: ignore[arg-type]
            failure,
            (seen,),
            self.remedies,
        )

    def publish(self, card: Suggestion) -> None:
        self.shown.append(card)
        self.was_shown.set()

    def allowed(self, card: Suggestion, event: Event) -> Suggestion | None:
        return None if self.observer else card

    async def label(self) -> Away:
        return Away("mirror", "The Dragon is away.")


def cards_of(world: World, presence: Presence | None = None) -> NearCards:
    looked = presence or Presence(world.look, SystemClock())
    return NearCards(world, looked, world.publish, world.allowed, world.label, SystemClock())


@pytest.fixture
def world() -> World:
    return World()


def failed(*failures: Failure, at_ms: int = 10_000_000) -> Event:
    ran = CommandFinished("pytest", "/w", (1,), 1, failures=failures)
    return Event(new_event_id(), at_ms, WorkingCopyId("c" * 16), ran)


async def test_a_failure_that_is_known_brings_its_card_labelled_and_named_as_the_dragon_would(
    world: World,
) -> None:
    event = failed(BROKEN)
    await cards_of(world).offer(event)
    [card] = world.shown
    assert card.id == card_id(event.id, 0)
    assert (card.why, card.project, card.event_id) == (SEEN, "thing", event.id)
    assert card.recollection.freshness.away is not None


@pytest.mark.parametrize(
    "held_back",
    [
        {"offered": False},
        {"snoozed_until_ms": 1 << 60},
        {"remedies": ()},
        {"remedies": (replace(REMEDY, state="rejected"),)},
        {"remedies": (replace(REMEDY, state="ambiguous"),)},
        {"match": "similar"},
        {"observer": True},
    ],
)
async def test_what_the_dragon_would_hold_back_is_not_shown(
    world: World, held_back: dict[str, object]
) -> None:
    for name, value in held_back.items():
        setattr(world, name, value)
    await cards_of(world).offer(failed(BROKEN))
    assert world.shown == []


async def test_a_card_of_other_values_says_that_they_are_others(world: World) -> None:
    world.match = "same, other values"
    await cards_of(world).offer(failed(BROKEN))
    assert [c.why for c in world.shown] == ["the same symptom, with other values was seen before"]


async def test_nothing_is_said_of_what_is_not_remembered(world: World) -> None:
    await cards_of(world).offer(failed(replace(BROKEN, fingerprint=Fingerprint("new"))))
    assert world.shown == []


async def test_the_same_is_not_said_twice_in_ten_minutes(world: World) -> None:
    cards = cards_of(world)
    for at_ms in (0, 1_000, room.SAME_SYMPTOM_MS + 1):
        await cards.offer(failed(BROKEN, at_ms=at_ms))
    assert [card.at_ms for card in world.shown] == [0, room.SAME_SYMPTOM_MS + 1]


async def test_what_the_dragon_has_said_is_not_said_again(world: World) -> None:
    event = failed(BROKEN)
    await cards_of(world).offer(event)
    [card] = world.shown
    again = cards_of(world)
    again.shown(card, event)
    await again.offer(failed(BROKEN))
    assert world.shown == [card]


async def test_a_dragon_that_is_there_makes_its_own_cards(world: World) -> None:
    world.dragon_is_there = True
    presence = Presence(world.look, SystemClock())
    await cards_of(world, presence).take(failed(BROKEN))
    assert world.shown == []
    world.dragon_is_there = False
    await cards_of(world, presence).take(failed(BROKEN))
    assert len(world.shown) == 1, "the control: it is gone, though nobody had noticed yet"


async def test_a_failure_that_is_recorded_is_taken_once_its_time_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE_S", 0.0)
    presence = Presence(world.look, SystemClock())
    await presence.look()
    cards = cards_of(world, presence)
    running = asyncio.create_task(cards.run())
    try:
        cards.seen(failed(at_ms=1))
        cards.seen(failed(BROKEN, at_ms=2))
        async with asyncio.timeout(30):
            await world.was_shown.wait()
    finally:
        running.cancel()
    assert [card.at_ms for card in world.shown] == [2]
