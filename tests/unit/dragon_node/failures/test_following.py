"""What a mirror is told: everything, then what changes, and never anything that is not so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.model.answer import Freshness
from common.model.event import CommandFinished, Event, Output, ProofFinished
from common.model.failure import Recollection
from common.model.ids import EventId, Fingerprint, card_id
from common.model.lake import HistoryEntry
from common.model.near import (
    EventsGone,
    FollowMemoryRequest,
    HeldSymptom,
    MemoryComplete,
    MemoryReset,
    MirroredSymptom,
    SymptomGone,
    Told,
)
from common.wire.nouns import symptom_to_bytes
from dragon_node.failures import following
from dragon_node.failures.following import Following
from dragon_node.failures.following_shown import CUT
from dragon_node.failures.recall import Recaller
from dragon_node.lake.records import Note
from tests.support.failures import FIXED, Copy, Story, failure
from tests.support.followed import FollowedStory

BROKEN = "def price(item):\n    return TABLE[item]\n"
OTHER = failure("f2", test="tests/test_cart.py::test_other")
Key = tuple[str, str]


class Mirrored:
    """A mirror that holds what it was told and nothing else."""

    def __init__(self) -> None:
        self.symptoms: dict[Key, MirroredSymptom] = {}
        self.events: dict[EventId, HistoryEntry] = {}
        self.epoch = ""
        self.cursor = 0
        self.resets = 0
        self.told: list[Told] = []

    def take(self, part: Told) -> None:
        self.told.append(part)
        match part:
            case MirroredSymptom():
                self.symptoms[part.fingerprint, part.values] = part
            case SymptomGone():
                del self.symptoms[part.fingerprint, part.values]
            case HistoryEntry():
                self.events[part.event.id] = part
            case EventsGone():
                for each in part.ids:
                    self.events.pop(each, None)
            case MemoryReset():
                self.resets += 1
                self.events.clear()
            case MemoryComplete():
                self.epoch, self.cursor = part.epoch, part.cursor

    def request(self) -> FollowMemoryRequest:
        held = tuple(HeldSymptom(s.fingerprint, s.values, s.stamp) for s in self.symptoms.values())
        return FollowMemoryRequest(self.epoch, self.cursor, held)

    def recollections(self) -> dict[Key, Recollection]:
        return {key: s.recollection for key, s in self.symptoms.items()}


@asynccontextmanager
async def following_of(
    story: FollowedStory, mirrored: Mirrored
) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    """Follows; the call returns once all that was applied by then was told."""
    stream = Following(story, Recaller(story), look_s=0).follow(mirrored.request())
    told: set[int] = set()
    async with aclosing(stream) as parts:

        async def whole() -> None:
            applied = len(story.records)
            if applied in told:
                return
            told.add(applied)
            async with asyncio.timeout(60):
                async for part in parts:
                    mirrored.take(part)
                    if isinstance(part, MemoryComplete) and part.cursor >= applied:
                        return

        yield whole


@pytest.fixture
def story() -> FollowedStory:
    return FollowedStory()


async def _whole(story: FollowedStory, mirrored: Mirrored | None = None) -> Mirrored:
    """One telling, from what the mirror holds."""
    mirrored = mirrored or Mirrored()
    async with following_of(story, mirrored) as told:
        await told()
    return mirrored


def _fixed(copy: Copy) -> tuple[Event, Event]:
    failed = copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    return failed, copy.passes()


async def _of(story: Story, fingerprint: str) -> Recollection:
    """What recall says, as a mirror keeps it."""
    found = await Recaller(story).by_fingerprint(fingerprint)
    assert found.failure is not None
    bare = replace(found.failure, imports=(), reaches=())
    return replace(found, failure=bare, freshness=Freshness())


async def test_a_first_telling_is_what_recall_says_newest_first(story: FollowedStory) -> None:
    copy = story.copy()
    _fixed(copy)
    copy.fails(OTHER)
    mirrored = await _whole(story)
    assert [type(part) for part in mirrored.told[:3]] == [
        MemoryReset,
        MirroredSymptom,
        MirroredSymptom,
    ]
    assert list(mirrored.symptoms) == [("f2", "v1"), ("f1", "v1")]
    assert mirrored.symptoms["f1", "v1"].recollection == await _of(story, "f1")
    assert mirrored.symptoms["f1", "v1"].recollection.remedies
    assert mirrored.cursor == len(story.records)


async def test_each_value_is_a_symptom_of_its_own(story: FollowedStory) -> None:
    copy = story.copy()
    _fixed(copy)
    copy.write("shop/cart.py", BROKEN)
    copy.fails(failure(values="v2"))
    mirrored = await _whole(story)
    said = {key: s.recollection.match for key, s in mirrored.symptoms.items()}
    assert said == {("f1", "v1"): "same", ("f1", "v2"): "same, other values"}


async def test_only_what_changes_is_told_again(story: FollowedStory) -> None:
    copy = story.copy()
    story.copy("another", "blog").fails(OTHER)
    copy.fails(failure())
    mirrored = Mirrored()
    async with following_of(story, mirrored) as told:
        await told()
        mirrored.told.clear()
        copy.write("shop/cart.py", FIXED)
        copy.passes()
        await told()
        (changed,) = [p for p in mirrored.told if isinstance(p, MirroredSymptom)]
        assert changed.fingerprint == "f1"
        assert changed.recollection.remedies


@pytest.mark.parametrize("act", ["verdict", "proof", "commit", "flaky", "again"])
async def test_whatever_is_said_of_a_symptom_is_told(story: FollowedStory, act: str) -> None:
    copy = story.copy()
    copy.commit("first")
    _fixed(copy)
    mirrored = Mirrored()
    async with following_of(story, mirrored) as told:
        await told()
        before = mirrored.symptoms["f1", "v1"].recollection
        (remedy,) = before.remedies
        match act:
            case "verdict":
                fields = {"remedy_id": remedy.id, "verdict": "rejected"}
                story.accept(Note("feedback", fields), "shop")
            case "proof":
                proof = ProofFinished(
                    remedy.id, Fingerprint("f1"), "confirmed", red=3, green=3, runs=3
                )
                story.tell(copy, proof)
            case "commit":
                copy.commit("the fix")
            case "flaky":
                copy.fails(failure())
                copy.passes()
            case _:
                copy.fails(failure())
        await told()
    after = mirrored.symptoms["f1", "v1"].recollection
    assert after != before
    assert after == await _of(story, "f1")


async def test_a_commit_elsewhere_tells_nothing_again(story: FollowedStory) -> None:
    copy = story.copy()
    copy.commit("first")
    _fixed(copy)
    copy.commit("the fix")
    mirrored = await _whole(story)
    mirrored.told.clear()
    copy.write("README.md", "a larger shop\n")
    copy.commit("words")
    await _whole(story, mirrored)
    assert not [p for p in mirrored.told if isinstance(p, MirroredSymptom)]


async def test_who_comes_back_is_told_what_changed_meanwhile(story: FollowedStory) -> None:
    copy = story.copy()
    _fixed(copy)
    mirrored = await _whole(story)
    mirrored.told.clear()
    copy.fails(OTHER)
    await _whole(story, mirrored)
    told = [p for p in mirrored.told if not isinstance(p, MemoryComplete)]
    assert [type(p) for p in told] == [MirroredSymptom, HistoryEntry]
    assert mirrored.resets == 1


@pytest.mark.parametrize("stale", ["epoch", "cursor"])
async def test_a_cursor_that_does_not_hold_is_reset(story: FollowedStory, stale: str) -> None:
    copy = story.copy()
    _fixed(copy)
    mirrored = await _whole(story)
    if stale == "epoch":
        mirrored.epoch = "another journal.1"
    else:
        mirrored.cursor = len(story.records) + 5
    events = dict(mirrored.events)
    mirrored.told.clear()
    await _whole(story, mirrored)
    assert isinstance(mirrored.told[0], MemoryReset)
    assert mirrored.events == events
    assert not [p for p in mirrored.told if isinstance(p, MirroredSymptom)], "they are the same"


async def test_what_is_forgotten_is_told_to_be_gone(story: FollowedStory) -> None:
    copy = story.copy()
    failed = copy.fails(OTHER)
    _fixed(copy)
    mirrored = Mirrored()
    async with following_of(story, mirrored) as told:
        await told()
        assert failed.id in mirrored.events
        story.forget(failed)
        await told()
    assert list(mirrored.symptoms) == [("f1", "v1")]
    assert failed.id not in mirrored.events
    away = await _whole(story, Mirrored())
    assert away.recollections() == mirrored.recollections()


async def test_events_are_told_once_and_light(story: FollowedStory) -> None:
    copy = story.copy()
    done = CommandFinished("make", "/shop", (0,), 5, output=Output("a" * 999, 999))
    told = story.tell(copy, done)
    copy.commit("first")
    mirrored = await _whole(story)
    body = mirrored.events[told.id].event.body
    assert isinstance(body, CommandFinished)
    assert body.output == Output("", 999, 999)
    mirrored.told.clear()
    new = copy.run("ls")
    await _whole(story, mirrored)
    assert [p.event.id for p in mirrored.told if isinstance(p, HistoryEntry)] == [new.id]


async def test_no_more_events_are_told_than_a_mirror_keeps(
    story: FollowedStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "EVENTS_MAX", 7)
    monkeypatch.setattr(following, "EVENTS_A_PAGE", 3)
    copy = story.copy()
    ids = [copy.run(f"echo {n}").id for n in range(12)]
    mirrored = await _whole(story)
    assert set(mirrored.events) == set(ids[-7:])
    assert max(q.limit for q in story.asked) == 3


async def test_a_card_that_is_held_back_is_not_offered(story: FollowedStory) -> None:
    copy = story.copy()
    _fixed(copy)
    mirrored = await _whole(story)
    assert mirrored.symptoms["f1", "v1"].offered
    assert "seen before and passed later" in mirrored.symptoms["f1", "v1"].why
    copy.write("shop/cart.py", BROKEN)
    again = copy.fails(failure())
    fields = {"card": card_id(again.id, 0), "project": "id-shop", "fingerprint": "f1"}
    story.accept(Note("snooze", {**fields, "until_ms": "99"}), "shop")
    await _whole(story, mirrored)
    assert mirrored.symptoms["f1", "v1"].snoozed_until_ms == 99
    story.accept(Note("quiet", {"project": "id-shop", "quiet": "yes"}), "shop")
    await _whole(story, mirrored)
    assert not mirrored.symptoms["f1", "v1"].offered


async def test_what_is_unexplained_is_not_offered(story: FollowedStory) -> None:
    story.copy().fails(failure())
    mirrored = await _whole(story)
    told = mirrored.symptoms["f1", "v1"]
    assert (told.offered, told.why, told.recollection.remedies) == (False, "", ())


async def test_a_symptom_is_never_larger_than_a_message_may_be(story: FollowedStory) -> None:
    copy = story.copy()
    long = replace(failure(), message="ü" * 900_000, reaches=tuple(f"{n}.py" for n in range(400)))
    copy.fails(long)
    copy.write("shop/cart.py", FIXED + f"# {'ü' * 60}\n" * 3_000)
    copy.passes()
    told = (await _whole(story)).symptoms["f1", "v1"]
    assert told.recollection.remedies[0].diff.endswith(CUT)
    assert len(symptom_to_bytes(told)) < 1 << 20


async def test_symptoms_of_long_ago_are_not_told_to_who_has_no_room(story: FollowedStory) -> None:
    copy = story.copy()
    copy.fails(OTHER)
    newer = copy.fails(failure())
    mirrored = Mirrored()
    request = replace(mirrored.request(), since_ms=newer.at_ms)
    async with aclosing(Following(story, Recaller(story), look_s=0).follow(request)) as parts:
        async for part in parts:
            mirrored.take(part)
            if isinstance(part, MemoryComplete):
                break
    assert list(mirrored.symptoms) == [("f1", "v1")]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["fail", "other", "values", "fix", "break", "pass", "commit", "reset", "ls", "look"]
        ),
        max_size=18,
    ),
    st.sets(st.integers(0, 18)),
)
async def test_told_piece_by_piece_it_is_the_same_as_told_at_once(
    acts: list[str], chosen: set[int]
) -> None:
    story = FollowedStory()
    copy = story.copy()
    copy.commit("first")
    mirrored = Mirrored()
    done: list[Event] = []
    async with following_of(story, mirrored) as told:
        for act in acts:
            match act:
                case "fail":
                    done.append(copy.fails(failure()))
                case "values":
                    done.append(copy.fails(failure(values="v2")))
                case "other":
                    done.append(copy.fails(OTHER))
                case "fix":
                    copy.write("shop/cart.py", FIXED)
                case "break":
                    copy.write("shop/cart.py", BROKEN)
                case "pass":
                    done.append(copy.passes())
                case "commit":
                    copy.commit(f"commit {len(done)}")
                case "reset":
                    if len(copy.history) > 1:
                        copy.reset()
                case "ls":
                    done.append(copy.run("ls"))
                case _:
                    await told()
        await told()
        story.forget(*(event for n, event in enumerate(done) if n in chosen))
        await told()
    at_once = await _whole(story)
    assert mirrored.recollections() == at_once.recollections()
    assert mirrored.events.keys() == at_once.events.keys()


async def test_that_nothing_changed_is_told_as_well(
    story: FollowedStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "STANDING_S", 0.01)
    story.copy().fails(failure())
    stream = Following(story, Recaller(story), look_s=0).follow(FollowMemoryRequest())
    told: list[Told] = []
    async with aclosing(stream) as parts, asyncio.timeout(60):
        async for part in parts:
            told.append(part)
            if [type(p) for p in told].count(MemoryComplete) == 3:
                break
    assert told[-1] == told[-2] == told[-3]
    assert len([p for p in told if isinstance(p, MirroredSymptom)]) == 1
