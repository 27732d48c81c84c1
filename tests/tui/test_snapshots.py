"""What a person sees, a picture a claim. A wanted change: pytest tests/tui --snapshot-update."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.support.tui_scenes import SCENES, app_of, settled

Shown = Callable[..., bool]
SMALL, MIDDLE, WIDE = (80, 24), (100, 32), (140, 34)
QUESTION = (
    "4",
    *("space" if letter == " " else letter for letter in "how is money split"),
    "enter",
)


@pytest.fixture
def shown(snap_compare: Callable[..., bool]) -> Shown:
    """Compares the picture of a scene, after some keys, with the one that was looked at."""

    def compare(scene: str, keys: tuple[str, ...] = (), size: tuple[int, int] = SMALL) -> bool:
        async def press(pilot: Pilot[None]) -> None:
            await settled(pilot)
            for key in keys:
                await pilot.press(key)
                await settled(pilot)

        app = app_of(SCENES[scene]())
        return snap_compare(app, run_before=press, terminal_size=size)

    return compare


def test_a_first_start_says_how_to_be_remembered(shown: Shown) -> None:
    """An empty timeline is calm and tells the next step."""
    assert shown("empty")


def test_the_day_stands_newest_first_with_bursts_of_files_as_one_row(shown: Shown) -> None:
    """Fourteen files saved in nine seconds do not push the commands out of sight."""
    assert shown("live")


def test_typing_filters_the_rows(shown: Shown) -> None:
    """And says how many are left."""
    assert shown("live", ("slash", *"pytest"))


def test_enter_shows_the_output_with_the_colours_of_the_program(shown: Shown) -> None:
    """Its red and green in the colours of the theme."""
    assert shown("live", ("enter",))


def test_a_card_shows_the_change_that_made_it_pass(shown: Shown) -> None:
    """What failed, when it was last seen, remedy, state, label, why, command, diff."""
    assert shown("card", ("3",), MIDDLE)


def test_where_there_is_room_the_card_stands_beside_the_list(shown: Shown) -> None:
    """Several cards, newest first."""
    assert shown("cards", ("3",), WIDE)


def test_a_flaky_failure_is_called_flaky_and_its_remedy_unproven(shown: Shown) -> None:
    """A pass on unchanged code proves nothing."""
    assert shown("flaky", ("3",))


def test_an_ambiguous_card_shows_both_changes_and_says_so(shown: Shown) -> None:
    """The second of its remedies is a package."""
    assert shown("ambiguous", ("3", "n"))


def test_without_cards_the_view_says_when_one_will_come(shown: Shown) -> None:
    """Silence is the default, and it is explained."""
    assert shown("live", ("3",))


def test_the_passages_stand_above_the_answer(shown: Shown) -> None:
    """Places first, then words with their markers, then how fresh it all is."""
    assert shown("ask", QUESTION)


def test_a_cited_passage_opens_as_indexed_at_its_lines(shown: Shown) -> None:
    """The cited lines are marked."""
    assert shown("ask", (*QUESTION, "enter"))


def test_the_words_of_a_demonstration_model_are_folded(shown: Shown) -> None:
    """And the fold says why."""
    assert shown("demonstration", QUESTION)


def test_without_a_model_the_passages_come_and_the_rest_is_said(shown: Shown) -> None:
    """Model 40 %."""
    assert shown("arriving", QUESTION)


def test_nothing_found_is_said_as_it_is(shown: Shown) -> None:
    """No model was asked to make something up."""
    assert shown("not_found", QUESTION)


def test_a_dragon_away_is_a_banner_with_what_still_works(shown: Shown) -> None:
    """Not an exception, and not silence."""
    assert shown("away")


def test_help_lists_the_keys_of_the_view_that_one_came_from(shown: Shown) -> None:
    """Here those of Failures."""
    assert shown("card", ("3", "f1"), MIDDLE)


def test_leaving_asks_once(shown: Shown) -> None:
    """Keep recording, or stop everything."""
    assert shown("live", ("q",))


def test_a_first_scan_is_one_calm_row(shown: Shown) -> None:
    """What was found is no save, and history is called history."""
    assert shown("first", (), MIDDLE)


def test_a_working_copy_opens_in_words(shown: Shown) -> None:
    """Where it is, at which commit, how many files."""
    assert shown("first", ("j", "enter"))


@pytest.mark.parametrize("size", [SMALL, MIDDLE], ids=["80", "100"])
def test_a_long_place_keeps_its_lines(shown: Shown, size: tuple[int, int]) -> None:
    """The reason gives way first, then the name, then the middle of the path."""
    assert shown("long", QUESTION, size)


def test_while_one_types_the_footer_names_the_ways_out(shown: Shown) -> None:
    """Letters are letters there."""
    assert shown("ask", ("4", *"1qs"))


def test_a_proof_is_seen_as_it_goes(shown: Shown) -> None:
    """Red runs and green runs as dots, and how to stop it."""
    assert shown("proving", ("3", "p", "enter"), MIDDLE)


def test_a_confirmed_remedy_says_what_that_means(shown: Shown) -> None:
    """Then, not now."""
    assert shown("confirmed", ("3", "p", "enter"), MIDDLE)


def test_the_first_card_comes_from_the_past(shown: Shown) -> None:
    """You fixed this on a day; p proves it."""
    assert shown("past", ("3", "m"))
