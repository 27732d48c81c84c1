"""Proving from a card and from the past: asked first, seen as it goes, ended by leaving."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.widgets import Input

from common.errors import Unavailable
from common.model.event import Output, ProofFinished
from common.model.ids import Fingerprint
from common.model.remedy import (
    CardStats,
    DraftedPatch,
    MinedFix,
    MineEnd,
    MineProgress,
    MineStep,
    ProofProgress,
    ProofStep,
)
from tests.support.scripted_daemon import NOW_MS
from tests.support.tui_scenes import (
    HOME,
    REMEDY,
    app_of,
    scene_card,
    scene_empty,
    seen,
    settled,
    until,
)

RED = ProofStep(ProofProgress("red", 3, 3, "red 3 of 3"))
GREEN = ProofStep(ProofProgress("green", 1, 3, "green 1 of 3"))
CONFIRMED = ProofStep(ProofFinished("r1", Fingerprint("f" * 32), "confirmed", "", 3, 3, 3))
UNPROVEN = ProofStep(
    ProofFinished("r1", Fingerprint("f" * 32), "unproven", "no sandbox here", output=Output("ah"))
)
FIX = MinedFix(
    HOME,
    "a" * 40,
    "money: shares add up",
    NOW_MS - 86_400_000 * 30,
    ("tests/test_money.py",),
    ("ledger/money.py",),
    "its subject says that it fixes something, and it changes one file and its test",
)


async def test_nothing_is_run_before_the_person_agrees() -> None:
    daemon = scene_card()
    daemon.remedies.proof = (CONFIRMED,)
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "p")
        await until(pilot, lambda: "Prove it?" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "Prove it?" not in seen(pilot))
        assert daemon.remedies.proven == []


async def test_a_confirmed_remedy_is_confirmed_on_its_card_too() -> None:
    daemon = scene_card()
    daemon.remedies.proof = (RED, GREEN, CONFIRMED)
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "p")
        await until(pilot, lambda: "Prove it?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "Confirmed" in seen(pilot))
        assert "3 of 3 red" in seen(pilot) and "3 of 3 green" in seen(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "confirmed · code" in seen(pilot))
        assert [(t.remedy_id, t.consent) for t in daemon.remedies.proven] == [("r1", True)]


async def test_an_unproven_remedy_says_why_and_stays_what_it_was() -> None:
    daemon = scene_card()
    daemon.remedies.proof = (RED, UNPROVEN)
    async with app_of(daemon).run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("3", "p")
        await until(pilot, lambda: "Prove it?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "no sandbox here" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "unproven: no sandbox here" in seen(pilot))
        assert "observed · code" in seen(pilot)


async def test_leaving_a_proof_ends_its_runs() -> None:
    daemon = scene_card()
    daemon.remedies.proof = (RED, asyncio.Event())
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "p")
        await until(pilot, lambda: "Prove it?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "3 of 3 red" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: daemon.remedies.ended == 1)


async def test_a_refused_proof_is_said_in_words() -> None:
    daemon = scene_card()
    daemon.remedies.proof = (Unavailable("the Dragon is away", hint="postdevai up"),)
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "p")
        await until(pilot, lambda: "Prove it?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "the Dragon is away postdevai up" in seen(pilot))


async def test_a_fix_of_the_past_is_shown_and_proven_from_there() -> None:
    daemon = scene_empty()
    daemon.remedies.past = (
        MineStep(MineProgress(100, 200)),
        MineStep(FIX),
        MineStep(MineEnd(200, 1, "One fix.")),
    )
    daemon.remedies.proof = (RED, CONFIRMED)
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "m")
        await until(pilot, lambda: "You fixed this on 1 February 2026" in seen(pilot))
        await pilot.press("p")
        await until(pilot, lambda: "Prove it?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "Confirmed" in seen(pilot))
        [target] = daemon.remedies.proven
        assert (target.path, target.commit, target.remedy_id) == (HOME, "a" * 40, "")


async def test_a_past_without_such_a_fix_is_said_as_it_is() -> None:
    daemon = scene_empty()
    daemon.remedies.past = (MineStep(MineEnd(200, 0, "None of 200 commits carries a test.")),)
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "m")
        await until(pilot, lambda: "None of 200 commits carries a test." in seen(pilot))


async def test_a_card_is_put_off_for_as_long_as_one_likes() -> None:
    """An hour is proposed; Esc puts nothing off."""
    daemon = scene_card()
    async with app_of(daemon).run_test(size=(100, 32), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("s")
        await until(pilot, lambda: "four hours" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "four hours" not in seen(pilot))
        await pilot.press("s")
        await until(pilot, lambda: "four hours" in seen(pilot))
        await pilot.press("j", "enter")
        await until(pilot, lambda: "Not again for four hours" in seen(pilot))
        assert daemon.remedies.snoozed == [("s1", 240)]


async def test_a_patch_is_saved_to_a_file_and_no_file_is_overwritten(tmp_path: Path) -> None:
    daemon = scene_card()
    daemon.remedies.patch = DraftedPatch(REMEDY.diff, True, "It applies.", "git apply")
    there = tmp_path / "there.patch"
    there.write_text("mine")
    async with app_of(daemon).run_test(size=(100, 32), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("t")
        await until(pilot, lambda: "It applies." in seen(pilot))
        await pilot.press("w")
        await until(pilot, lambda: "Enter saves." in seen(pilot))
        pilot.app.screen.query_one(Input).value = str(there)
        await pilot.press("enter")
        await until(pilot, lambda: "is there already" in seen(pilot))
        pilot.app.screen.query_one(Input).value = str(tmp_path / "new.patch")
        await pilot.press("enter")
        await until(pilot, lambda: "Saved to" in seen(pilot))
    assert there.read_text() == "mine"
    assert (tmp_path / "new.patch").read_text() == REMEDY.diff


async def test_a_remedy_is_taken_as_a_patch_with_the_line_that_applies_it() -> None:
    daemon = scene_card()
    daemon.remedies.patch = DraftedPatch(
        "--- a/x.py\n+++ b/x.py\n", True, "It applies here.", "git apply x.patch"
    )
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "t")
        await until(pilot, lambda: "git apply x.patch" in seen(pilot))
        assert daemon.remedies.drafted == [("r1", HOME)]


async def test_a_failure_is_asked_about_in_the_view_where_one_asks() -> None:
    """The question is written there and not sent: one may want to change it."""
    daemon = scene_card()
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "i")
        await until(pilot, lambda: "why does it fail with AssertionError" in seen(pilot))
        assert daemon.asked == []


async def test_a_first_start_offers_something_of_the_past_once() -> None:
    """Over the view that is open; the next start in this home says nothing of it."""
    daemon, offered = scene_empty(), list[bool]()
    daemon.remedies.past = (MineStep(FIX), MineStep(MineEnd(200, 1, "One fix.")))
    app = app_of(daemon)
    app._offered = lambda: offered.append(True)
    async with app.run_test(size=(100, 32)) as pilot:
        await until(pilot, lambda: "You fixed this on 1 February 2026" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "You fixed this" not in seen(pilot))
        assert offered == [True]
        await settled(pilot)
        assert "You fixed this" not in seen(pilot)


async def test_a_first_start_without_such_a_past_says_so() -> None:
    daemon, offered = scene_empty(), list[bool]()
    daemon.remedies.past = (MineStep(MineEnd(12, 0, "None of 12 commits carries a test.")),)
    app = app_of(daemon)
    app._offered = lambda: offered.append(True)
    async with app.run_test(size=(100, 32), notifications=True) as pilot:
        await until(pilot, lambda: "None of 12 commits carries a test." in seen(pilot))
        assert offered == [True]


async def test_a_card_says_how_the_cards_of_its_project_were_taken() -> None:
    daemon = scene_card()
    quiet = "4 of the last 9 were accepted, so no card is made"
    daemon.remedies.stats = (CardStats("ledger", 12, 4, 5, quiet=True, sentence=quiet),)
    async with app_of(daemon).run_test(size=(110, 48)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "12 cards, 4 of 9 judged were accepted" in seen(pilot))
        assert "no card is made" in seen(pilot)


async def test_a_fix_of_the_past_that_was_tried_says_what_came_of_it() -> None:
    """Also the next time that one looks."""
    daemon = scene_empty()
    daemon.remedies.past = (MineStep(FIX), MineStep(MineEnd(200, 1, "One fix.")))
    finished = ProofFinished("", Fingerprint(""), "confirmed", "", 3, 3, 3, commit=FIX.commit)
    daemon.remedies.proof = (ProofStep(finished),)
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "m")
        await until(pilot, lambda: "Does its test fail" in seen(pilot))
        await pilot.press("p")
        await until(pilot, lambda: "The fix's own tests run three times" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "Confirmed" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "Confirmed: red 3 of 3 on the commit before" in seen(pilot))
        assert "Does its test fail" not in seen(pilot) and "currency.py.." not in seen(pilot)
        await pilot.press("escape", "m")
        await until(pilot, lambda: "Confirmed: red 3 of 3 on the commit before" in seen(pilot))
