"""What a person sees of the timeline, the failures and the answers, a picture a claim."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.support.tui_scenes import SCENES, app_of, settled

Shown = Callable[..., bool]
SMALL, MIDDLE, WIDE = (80, 24), (100, 36), (140, 34)
ASKED = ("4", *"split", "enter")


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


def test_terms_narrow_the_timeline(shown: Shown) -> None:
    """And the line above the rows says how many are left."""
    assert shown("live", ("slash", *"kind:command", "space", *"failed"))


def test_a_term_that_means_nothing_is_a_sentence(shown: Shown) -> None:
    """With the terms that there are."""
    assert shown("live", ("slash", *"kind:meal"))


def test_a_change_stands_side_by_side_with_its_words_marked(shown: Shown) -> None:
    """Before on the left, after on the right."""
    assert shown("card", ("3", "d"), WIDE)


def test_a_change_stands_one_below_the_other_where_it_is_narrow(shown: Shown) -> None:
    """In 80 columns."""
    assert shown("card", ("3", "d"))


def test_cards_are_narrowed_by_words(shown: Shown) -> None:
    """The card beside the list is one of those that are left."""
    assert shown("cards", ("3", "slash", *"flaky"), WIDE)


def test_a_card_is_put_off_for_as_long_as_one_likes(shown: Shown) -> None:
    """An hour is proposed."""
    assert shown("card", ("3", "s"))


def test_an_answer_is_drawn_as_markdown(shown: Shown) -> None:
    """Headings, lists, code in colours, tables, and addresses that lead nowhere."""
    assert shown("markdown", ASKED, MIDDLE)


def test_a_follow_up_stands_above_what_was_said_before(shown: Shown) -> None:
    """A conversation, the newest first."""
    assert shown("ask", (*ASKED, "slash", "ctrl+u", *"why", "enter"), MIDDLE)


def test_what_the_laptop_answers_alone_is_labelled(shown: Shown) -> None:
    """Above everything that it found."""
    assert shown("answered_here", ASKED)


def test_who_answers_is_chosen_from_a_list(shown: Shown) -> None:
    """The Dragon chooses unless a person does."""
    assert shown("ask", ("4", "f6"))
