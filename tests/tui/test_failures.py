"""The failures view as it is used: cards arrive, are read, are judged, and claim no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from common.model.answer import Away
from common.model.event import CommandFinished
from developer_node.front.tui.widgets.row_list import RowList
from tests.support.scripted_daemon import ScriptedDaemon
from tests.support.tui_scenes import (
    AWAY,
    FLAKY,
    PYTEST,
    REMEDY,
    WELL,
    app_of,
    card,
    scene_ambiguous,
    scene_card,
    scene_cards,
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


async def test_words_narrow_the_cards_and_escape_shows_all_again() -> None:
    """The card beside the list is one of those that are left."""
    async with app_of(scene_cards()).run_test(size=(120, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        rows = pilot.app.screen.query_one(RowList)
        await pilot.press("slash", *"keyerror")
        await until(pilot, lambda: "1 of 3 with “keyerror”" in seen(pilot))
        assert rows.row is not None and rows.row.key == "s3"
        await until(pilot, lambda: "KeyError: 'EUR'" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: rows.row_count == 3)


async def test_another_order_keeps_the_selected_card() -> None:
    """And says which order it is."""
    async with app_of(scene_cards()).run_test(size=(120, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        rows = pilot.app.screen.query_one(RowList)
        held = rows.row.key if rows.row else ""
        await pilot.press("o")
        await until(pilot, lambda: "order: most often seen" in seen(pilot))
        assert rows.row is not None and rows.row.key == held


async def test_what_the_laptop_says_while_the_dragon_is_away_is_labelled_first() -> None:
    """Above everything else that the card says."""
    away = Away("mirror", "The Dragon is away since 13:40. This is what the laptop remembers.")
    fresh = replace(card().recollection.freshness, away=away)
    said = card()
    said = replace(said, recollection=replace(said.recollection, freshness=fresh))
    daemon = ScriptedDaemon(status=WELL, items=[said])
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await until(pilot, lambda: "The Dragon is away since 13:40" in seen(pilot))
        lines = seen(pilot)
        assert lines.index("Away ") < lines.index("Knows about") < lines.index("What failed")


async def test_the_diff_stands_side_by_side_where_there_is_room_and_a_key_changes_that() -> None:
    """With before on the left and after on the right of one line."""
    async with app_of(scene_card()).run_test(size=(140, 34)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("d")
        await until(pilot, lambda: "share, rest = divmod" in seen(pilot))
        both = [li for li in seen(pilot).splitlines() if "round(self.cents" in li]
        assert "divmod" in both[0]
        await pilot.press("vertical_line")
        await until(
            pilot,
            lambda: all(
                "divmod" not in li for li in seen(pilot).splitlines() if "round(self.cents" in li
            ),
        )


async def test_the_editor_is_opened_where_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real program with a window of its own; the file is looked for where the command ran."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_money.py").write_text("x = 1\n")
    told, program = tmp_path / "told", tmp_path / "code"
    program.write_text(f'#!/bin/sh\nprintf "%s " "$@" > {told}.part\nmv {told}.part {told}\n')
    program.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(program))
    ran = replace(PYTEST, body=replace(cast(CommandFinished, PYTEST.body), cwd=str(tmp_path)))
    daemon = ScriptedDaemon(status=WELL, items=[ran, card()])
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("e")
        await until(pilot, told.exists)
    assert told.read_text().split() == ["-g", f"{tmp_path}/tests/test_money.py:31"]


async def test_without_an_editor_the_person_is_told_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    async with app_of(scene_card()).run_test(size=(100, 32), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("3")
        await settled(pilot)
        await pilot.press("e")
        await until(pilot, lambda: "No editor is set." in seen(pilot))
