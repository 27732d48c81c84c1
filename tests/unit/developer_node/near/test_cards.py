"""Cards out of the mirror: under the Dragon's own ids, and none that it would hold back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from common.model.event import Event
from common.model.failure import RemedyState
from common.model.near import MirroredSymptom
from developer_node.near.laid_over import IN_DOUBT
from developer_node.near.mirror import Mirror
from tests.support.failures import MINUTE_MS, Story
from tests.support.failures import failure as of_the_story
from tests.support.mirrored import all_told, failed, failure, remedy, symptom, tell

FIXED = "def price(item):\n    return TABLE.get(item, 0)\n"


def _passed(number: int = 1) -> MirroredSymptom:
    """It passed a minute after it was seen."""
    told = symptom(number)
    known = told.recollection
    passed = replace(known.remedies[0], passed_at_ms=told.at_ms + 60_000)
    return replace(told, recollection=replace(known, remedies=(passed,)))


def _again() -> Event:
    return failed(60, failure(1))


def _state(told: MirroredSymptom, state: RemedyState) -> MirroredSymptom:
    (one,) = told.recollection.remedies
    known = replace(told.recollection, remedies=(replace(one, state=state),))
    return replace(told, recollection=known)


async def test_a_card_bears_the_id_that_the_dragons_will_bear(mirror: Mirror) -> None:
    story = Story()
    copy = story.copy()
    copy.fails(of_the_story())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    copy.write("shop/cart.py", "def price(item):\n    return TABLE[item]\n")
    story.now_ms += 60 * MINUTE_MS
    event = copy.fails(of_the_story())
    dragons = str(story.db.execute("SELECT id FROM cards").get)
    told = _passed()
    known = replace(told.recollection, failure=of_the_story())
    told = replace(told, fingerprint=of_the_story().fingerprint, recollection=known)
    await tell(mirror, *all_told(told))
    (shown,) = await mirror.cards(event, "shop")
    assert (shown.id, shown.event_id, shown.cursor) == (dragons, event.id, 0)


async def test_a_card_says_what_the_dragon_said_and_what_is_not_known(mirror: Mirror) -> None:
    await tell(mirror, *all_told(_passed()))
    (shown,) = await mirror.cards(_again(), "shop")
    assert (shown.why, shown.project) == (symptom(1).why, "shop")
    assert shown.recollection.remedies[0].why == remedy(1).why + IN_DOUBT
    assert shown.recollection.occurrences == symptom(1).recollection.occurrences


async def test_other_values_are_said(mirror: Mirror) -> None:
    await tell(mirror, *all_told(_passed()))
    (shown,) = await mirror.cards(failed(60, failure(1, "v2")), "shop")
    assert shown.recollection.match == "same, other values"
    assert "with other values" in shown.why


@pytest.mark.parametrize(
    "held_back",
    [
        lambda told: replace(told, offered=False),
        lambda told: replace(told, snoozed_until_ms=1 << 50),
        lambda told: _state(told, "rejected"),
        lambda told: _state(told, "unproven"),
        lambda told: replace(told, recollection=replace(told.recollection, remedies=())),
        lambda told: replace(told, recollection=replace(told.recollection, match="similar")),
        lambda told: symptom(1),
    ],
    ids=["quiet", "put off", "rejected", "unproven", "unexplained", "similar", "not passed since"],
)
async def test_what_the_dragon_holds_back_is_held_back(
    held_back: Callable[[MirroredSymptom], MirroredSymptom], mirror: Mirror
) -> None:
    await tell(mirror, *all_told(held_back(_passed())))
    assert await mirror.cards(_again(), "shop") == ()


async def test_what_was_rejected_here_or_failed_a_moment_ago_is_held_back(mirror: Mirror) -> None:
    await tell(mirror, *all_told(_passed(), _passed(2)))
    await mirror.judge(remedy(1).id, "rejected")
    mirror.seen(failed(59, failure(2)), "shop")
    assert await mirror.cards(failed(60, failure(1), failure(2)), "shop") == ()


async def test_another_project_and_a_command_that_went_well_have_no_card(mirror: Mirror) -> None:
    await tell(mirror, *all_told(_passed()))
    assert await mirror.cards(_again(), "blog") == ()
    assert await mirror.cards(failed(60), "shop") == ()


async def test_one_run_has_three_cards_at_most(mirror: Mirror) -> None:
    await tell(mirror, *all_told(*(_passed(n) for n in range(1, 7))))
    shown = await mirror.cards(failed(60, *(failure(n) for n in range(1, 7))), "shop")
    assert [c.recollection.failure for c in shown] == [failure(1), failure(2), failure(3)]
