"""Cards that are already shown say what is so now: to a new screen and to one that is open."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from common.model.event import Event, ProofFinished
from common.model.failure import Flakiness, Proof, Recollection, Remedy, Suggestion
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from common.model.laptop import FeedState
from developer_node.feed import REVISED_MAX, Feed
from developer_node.outbox.outbox import Outbox
from developer_node.recording import Recording
from developer_node.revising import judged, proven
from developer_node.several.placing import Placing

REMEDY = Remedy("r1", "observed", "code")
OTHER = Remedy("r2", "observed", "code")
KNOWN = Recollection("same", remedies=(REMEDY, OTHER))
CONFIRMED = ProofFinished("r1", Fingerprint("f"), "confirmed", red=3, green=3, runs=3)
UNPROVEN = ProofFinished("r1", Fingerprint("f"), "unproven", "no sandbox", runs=3)


def card(number: int = 1, known: Recollection = KNOWN) -> Suggestion:
    return Suggestion(f"s{number}", number, number, EventId("e"), "p", "why", known)


def rejected(known: Recollection) -> Recollection:
    return judged(known, "r1", "rejected", None)


async def kept(feed: Feed) -> list[object]:
    """What a new reader gets at once."""
    feed.publish(FeedState(True, True, 99))
    found: list[object] = []
    async with asyncio.timeout(20), aclosing(feed.read()) as items:
        async for item in items:
            if item.item == FeedState(True, True, 99):
                return found
            found.append(item.item)
    raise AssertionError("a feed has no end")


async def test_a_new_reader_gets_a_card_once_as_it_is_now() -> None:
    feed = Feed()
    feed.publish(card(1))
    feed.publish(card(2, Recollection("same", remedies=(OTHER,))))
    feed.revise("r1", rejected)
    first, second = await kept(feed)
    assert isinstance(first, Suggestion) and isinstance(second, Suggestion)
    assert (first.id, second.id) == ("s2", "s1")
    assert [r.state for r in second.recollection.remedies] == ["rejected", "observed"]


async def test_an_open_reader_gets_a_card_again_under_its_id_when_it_says_something_else() -> None:
    feed = Feed()
    feed.publish(card())
    async with asyncio.timeout(20), aclosing(feed.read()) as items:
        before = await anext(items)
        feed.revise("r1", lambda known: known)
        feed.revise("r9", rejected)
        feed.revise("r1", rejected)
        after = await anext(items)
    assert isinstance(after.item, Suggestion)
    assert (after.item.id, after.cursor) == ("s1", before.cursor + 1)
    assert after.item.recollection.remedies[0].state == "rejected"


async def test_many_cards_are_mended_and_only_the_newest_are_shown_again() -> None:
    feed = Feed()
    for number in range(REVISED_MAX + 5):
        feed.publish(card(number))
    async with asyncio.timeout(20), aclosing(feed.read(REVISED_MAX + 5)) as items:
        task = asyncio.create_task(anext(items))
        await asyncio.sleep(0)
        feed.revise("r1", rejected)
        first = (await task).item
    assert isinstance(first, Suggestion) and first.id == "s5"
    shown = await kept(feed)
    assert len(shown) == REVISED_MAX + 5
    assert all(
        isinstance(c, Suggestion) and c.recollection.remedies[0].state == "rejected" for c in shown
    )


async def at_home(_working_copy: str) -> str:
    return ""


async def test_a_proof_that_is_recorded_shows_on_the_cards_of_its_remedy(tmp_path: Path) -> None:
    feed = Feed()
    feed.publish(card())
    async with Outbox.open(tmp_path / "o.db") as outbox:
        event = Event(EventId("a" * 32), 7, WorkingCopyId(""), CONFIRMED)
        await Recording(outbox, Placing(outbox, at_home), feed, [])([(event, {})])
    told, shown = await kept(feed)
    assert isinstance(told, Event) and isinstance(shown, Suggestion)
    proof = Proof("confirmed", 7, "", 3, 3, 3, event.id)
    first, second = shown.recollection.remedies
    assert (first.state, first.proof) == ("confirmed", proof)
    assert second == OTHER


def test_the_dragons_word_goes_before_what_can_be_concluded_here() -> None:
    now = replace(REMEDY, state="unproven", accepted=True)
    known = Recollection("same", remedies=(replace(REMEDY, state="rejected"),))
    (shown,) = judged(known, "r1", "accepted", now).remedies
    assert (shown.state, shown.accepted) == ("unproven", True)
    (shown,) = judged(known, "r1", "accepted", None).remedies
    assert (shown.state, shown.accepted) == ("rejected", True), "its state is not known here"


def test_a_proof_raises_nothing_that_something_speaks_against() -> None:
    flaky = replace(KNOWN, flaky=Flakiness(1, 2))
    no = replace(KNOWN, remedies=(replace(REMEDY, state="rejected"),))
    for known, state in ((KNOWN, "confirmed"), (flaky, "observed"), (no, "rejected")):
        shown = proven(known, CONFIRMED, 7, EventId("e")).remedies[0]
        assert shown.state == state
        assert shown.proof is not None


@pytest.mark.parametrize(("red", "state"), [(0, "confirmed"), (1, "unproven")])
def test_only_a_proof_that_came_to_run_speaks_against_an_earlier_one(red: int, state: str) -> None:
    known = proven(KNOWN, CONFIRMED, 7, EventId("e"))
    (shown, _) = proven(known, replace(UNPROVEN, red=red), 8, EventId("e")).remedies
    assert shown.state == state
    (first, _) = proven(KNOWN, UNPROVEN, 8, EventId("e")).remedies
    assert (first.state, first.proof and first.proof.reason) == ("observed", "no sandbox")
