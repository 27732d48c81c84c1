"""What the mirror answers, and how what happened here lies over what the Dragon told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.model.failure import Failure, Recollection
from developer_node.near.laid_over import FIRST_TIME, IN_DOUBT, NOTHING, SINCE, UNFILLED
from developer_node.near.mirror import Mirror
from tests.support.mirrored import all_told, entry, failed, failure, remedy, symptom, tell


async def test_what_was_told_is_recalled_as_it_was_told(mirror: Mirror) -> None:
    told = symptom(1)
    await tell(mirror, *all_told(told, symptom(2)))
    assert await mirror.recall(fingerprint=told.fingerprint) == told.recollection
    assert await mirror.recall(failure=failure(1)) == told.recollection


async def test_the_last_failure_is_the_one_that_was_seen_last(mirror: Mirror) -> None:
    await tell(mirror, *all_told(symptom(2), symptom(3), symptom(1)))
    assert await mirror.recall(last=True) == symptom(3).recollection


async def test_other_values_are_said_to_be_other_values(mirror: Mirror) -> None:
    await tell(mirror, *all_told(symptom(1)))
    asked = failure(1, "v2")
    found = await mirror.recall(failure=asked)
    assert (found.match, found.failure) == ("same, other values", asked)
    assert found.remedies == (remedy(1),)


async def test_each_value_has_its_own_memory(mirror: Mirror) -> None:
    other = replace(symptom(1, "v2"), newest=999, recollection=Recollection("same", failure(1)))
    await tell(mirror, *all_told(symptom(1), other))
    assert (await mirror.recall(failure=failure(1))).remedies == (remedy(1),)
    assert (await mirror.recall(failure=failure(1, "v2"))).remedies == ()
    assert (await mirror.recall(fingerprint=failure(1).fingerprint)).remedies == ()


async def test_a_text_that_repeats_what_was_printed_is_similar_at_most(mirror: Mirror) -> None:
    await tell(mirror, *all_told(symptom(1), symptom(2)))
    found = await mirror.recall(text=f"E   {failure(2).message}")
    assert (found.match, found.failure) == ("similar", failure(2))
    assert found.remedies == (remedy(2),)


@pytest.mark.parametrize("text", ["KeyError", "something else altogether went wrong here"])
async def test_what_is_not_alike_is_not_offered(mirror: Mirror, text: str) -> None:
    await tell(mirror, *all_told(symptom(1)))
    assert await mirror.recall(text=text) == Recollection("none", note=NOTHING)


async def test_an_empty_mirror_says_that_it_was_told_nothing_yet(mirror: Mirror) -> None:
    found = await mirror.recall(last=True)
    assert (found.match, found.note) == ("none", UNFILLED)


async def test_a_failure_recorded_here_counts_and_its_remedy_is_in_doubt(mirror: Mirror) -> None:
    await tell(mirror, *all_told(symptom(1), symptom(2)))
    mirror.seen(failed(7, failure(1)), "shop")
    found = await mirror.recall(last=True)
    assert found.match == "same"
    assert [o.event_id for o in found.occurrences] == [failed(7).id, failed(1).id]
    assert found.remedies[0].why == remedy(1).why + IN_DOUBT
    assert found.remedies[0].diff == remedy(1).diff


async def test_a_failure_that_nobody_knows_is_seen_for_the_first_time(mirror: Mirror) -> None:
    await tell(mirror, *all_told(symptom(1)))
    mirror.seen(failed(7, failure(5)), "shop")
    found = await mirror.recall(fingerprint=failure(5).fingerprint)
    assert (found.match, found.note, len(found.occurrences)) == ("same", FIRST_TIME, 1)
    mirror.seen(failed(8, failure(5)), "shop")
    again = await mirror.recall(failure=failure(5))
    assert (again.note, len(again.occurrences)) == (SINCE, 2)


async def test_what_the_dragon_told_of_an_event_takes_the_place_of_what_was_seen(
    mirror: Mirror,
) -> None:
    await tell(mirror, *all_told(symptom(1)))
    mirror.seen(failed(1, failure(1)), "shop")
    await tell(mirror, entry(1))
    assert await mirror.recall(failure=failure(1)) == symptom(1).recollection


async def test_a_verdict_counts_here_until_the_dragon_says_the_same(mirror: Mirror) -> None:
    two = replace(symptom(1).recollection, remedies=(remedy(1), remedy(2)))
    told = replace(symptom(1), recollection=two)
    await tell(mirror, *all_told(told))
    await mirror.judge(remedy(1).id, "rejected")
    found = await mirror.recall(failure=failure(1))
    assert [(r.id, r.state) for r in found.remedies] == [
        (remedy(2).id, "observed"),
        (remedy(1).id, "rejected"),
    ]
    assert mirror.status().verdicts_waiting == 1
    await tell(mirror, replace(told, stamp="s2"))
    assert mirror.status().verdicts_waiting == 1, "it was told before the Dragon heard of it"
    said = replace(
        two, remedies=(remedy(2), replace(remedy(1), state="rejected", why="rejected by you"))
    )
    await tell(mirror, replace(told, stamp="s3", recollection=said))
    assert mirror.status().verdicts_waiting == 0
    assert await mirror.recall(failure=failure(1)) == said


async def test_a_failure_without_a_fingerprint_is_compared_by_its_words(mirror: Mirror) -> None:
    await tell(mirror, *all_told(symptom(1)))
    asked = Failure("pytest", "KeyError", "test", failure(1).message, failure(1).normalised)
    assert (await mirror.recall(failure=asked)).match == "similar"
