"""The failures view as it is used: cards arrive, are read, are judged, and claim no more."""

from __future__ import annotations

from dataclasses import replace

from developer_node.front.tui.widgets.row_list import RowList
from tests.support.scripted_daemon import ScriptedDaemon
from tests.support.tui_scenes import (
    AWAY,
    FLAKY,
    REMEDY,
    WELL,
    app_of,
    card,
    scene_ambiguous,
    scene_card,
    scene_live,
    seen,
    settled,
    until,
)


async def test_a_card_that_arrives_elsewhere_is_announced_and_counted() -> None:
    """Unasked, within a repaint; the tab says how many were not looked at."""
    daemon = scene_live()
    async with app_of(daemon).run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        daemon.say(card())
        await until(pilot, lambda: "This failed before" in seen(pilot))
        assert "3 Failures·1" in seen(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "a1b2c3d money: shares" in seen(pilot))
        await until(pilot, lambda: "Failures·1" not in seen(pilot))


async def test_the_card_that_is_read_stays_when_a_newer_one_comes() -> None:
    """The newer one waits above it, marked as new."""
    daemon = scene_card()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        daemon.say(card("s9", seconds_ago=1))
        rows = pilot.app.screen.query_one(RowList)
        await until(pilot, lambda: rows.row_count == 2)
        assert rows.row is not None and rows.row.key == "s1"


async def test_accepting_tells_the_dragon_which_remedy() -> None:
    """And the card says so at once."""
    daemon = scene_card()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "accepted by you" in seen(pilot))
        assert daemon.verdicts == [("r1", "accepted")]


async def test_a_rejected_remedy_is_called_rejected() -> None:
    """Not observed any more."""
    daemon = scene_card()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("x")
        await until(pilot, lambda: "rejected · code" in seen(pilot))
        assert daemon.verdicts == [("r1", "rejected")]


async def test_a_verdict_that_did_not_reach_the_dragon_is_not_shown_as_taken() -> None:
    """The person is told, and can say it again."""
    daemon = scene_card()
    async with app_of(daemon).run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        daemon.status_now = replace(WELL, dragon_unavailable=AWAY)
        await pilot.press("x")
        await until(pilot, lambda: "Try again later." in seen(pilot))
        assert "observed · code" in seen(pilot)


async def test_each_of_several_remedies_can_be_judged_alone() -> None:
    """n goes to the next one; the keys act on the one that is shown."""
    daemon = scene_ambiguous()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("n")
        await until(pilot, lambda: "Remedy 2/2" in seen(pilot))
        await pilot.press("x")
        await until(pilot, lambda: daemon.verdicts)
        assert daemon.verdicts == [("r4", "rejected")]


async def test_without_a_remedy_the_card_says_why_and_offers_no_verdict() -> None:
    """Silence about the remedy, not about the failure."""
    unexplained = card(remedies=(), note="Nothing that changed touches the failing file.")
    daemon = ScriptedDaemon(status=WELL, items=[unexplained])
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "Nothing that changed touches" in seen(pilot))
        assert "Accept" not in seen(pilot).splitlines()[-1]
        await pilot.press("a", "x", "d", "y")
        assert daemon.verdicts == []


async def test_a_similar_failure_is_told_apart_from_the_same_one() -> None:
    """And one from another project names the project."""
    seen_elsewhere = card(match="similar")
    daemon = ScriptedDaemon(status=WELL, items=[seen_elsewhere])
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "similar only, not the same" in seen(pilot))
        assert "same symptom" not in seen(pilot).replace("Why shown", "").splitlines()[4]


async def test_the_command_that_shows_the_change_can_be_copied() -> None:
    """Y copies the diff itself."""
    async with app_of(scene_card()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("y")
        assert pilot.app.clipboard == "git show a1b2c3d -- ledger/money.py"
        await pilot.press("Y")
        assert pilot.app.clipboard == REMEDY.diff


async def test_enter_shows_what_the_failing_command_printed() -> None:
    """The run of just now, not the one of nineteen days ago."""
    async with app_of(scene_card()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "1 failed, 11 passed" in seen(pilot))


async def test_a_flaky_card_says_in_how_many_runs() -> None:
    """Two of seven."""
    daemon = ScriptedDaemon(status=WELL, items=[FLAKY])
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "2 of 7 runs, and nothing that git follows" in seen(pilot))


async def test_the_way_out_is_in_the_footer_of_a_card_with_all_its_keys() -> None:
    """In 80 columns, with several remedies."""
    async with app_of(scene_ambiguous()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        footer = seen(pilot).splitlines()[-1]
        assert "n Next" in footer and "q Leave" in footer


async def test_a_rejected_remedy_is_rejected_in_the_list_too() -> None:
    async with app_of(scene_card()).run_test(size=(120, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3", "x")
        await until(pilot, lambda: seen(pilot).count("rejected") >= 2)
