"""The ask view as it is used: passages before words, cancelled at once, honest about its model."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual.widgets import Input

from common.model.answer import AskEnd, AskPassages, AskRequest, AskText, AskTurn, Away
from developer_node.front.tui.screens.ask import AskView
from developer_node.front.tui.screens.leave import LeaveScreen
from tests.support.tui_scenes import (
    FRESH,
    LAKE,
    LARGE,
    PASSAGES,
    SAID,
    SCENES,
    SMALL,
    WELL,
    app_of,
    scene_ask,
    seen,
    settled,
    until,
)

QUESTION = ("4", *"split", "enter")


async def test_the_passages_are_there_before_the_first_word() -> None:
    """Nobody waits for a model to see the code."""
    daemon, speak = scene_ask(), asyncio.Event()
    daemon.answer = (
        AskPassages(PASSAGES, FRESH, LARGE.name),
        speak,
        AskText("With divmod [1]."),
        AskEnd("With divmod [1].", PASSAGES[:1], "stop"),
    )
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "ledger/money.py:14-18" in seen(pilot))
        assert "With divmod" not in seen(pilot)
        speak.set()
        await until(pilot, lambda: "With divmod [1]." in seen(pilot))
        assert daemon.asked == [AskRequest("split")]


async def test_escape_closes_the_stream_and_keeps_the_passages() -> None:
    """Closing it is what stops the model."""
    daemon = SCENES["streaming"]()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "divmod" in seen(pilot))
        assert daemon.closed_answers == 0
        await pilot.press("escape")
        await until(pilot, lambda: daemon.closed_answers == 1)
        await until(pilot, lambda: "Cancelled here." in seen(pilot))
        assert "ledger/money.py:14-18" in seen(pilot)


async def test_a_second_question_cancels_the_first() -> None:
    """One answer at a time, so that words never mix."""
    daemon = SCENES["streaming"]()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "divmod" in seen(pilot))
        await pilot.press("slash", *"two", "enter")
        await until(pilot, lambda: len(daemon.asked) == 2)
        await until(pilot, lambda: daemon.closed_answers == 1)
        await until(pilot, lambda: seen(pilot).count("made with divmod") == 1)


async def test_leaving_the_app_cancels_the_answer() -> None:
    """Nothing goes on speaking to nobody."""
    daemon = SCENES["streaming"]()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "divmod" in seen(pilot))
        await pilot.press("ctrl+q", "enter")
    assert daemon.closed_answers == 1


async def test_an_answer_goes_on_while_another_view_is_open() -> None:
    """And is there when one comes back."""
    daemon, speak = scene_ask(), asyncio.Event()
    daemon.answer = (AskPassages(PASSAGES, FRESH, LARGE.name), speak, AskText("Late words."))
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "ledger/money.py:14-18" in seen(pilot))
        await pilot.press("2")
        speak.set()
        await settled(pilot)
        await pilot.press("4")
        await until(pilot, lambda: "Late words." in seen(pilot))


async def test_a_refusal_is_a_sentence_with_a_hint() -> None:
    """The Dragon is away."""
    daemon = SCENES["away"]()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "Recording goes on." in seen(pilot))


async def test_the_words_of_a_demonstration_model_unfold_with_a_key() -> None:
    """Folded until asked for."""
    daemon = SCENES["demonstration"]()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "demonstration model (SmolLM2" in seen(pilot))
        assert "whole quotient" not in seen(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "whole quotient" in seen(pilot))


async def test_markup_in_an_answer_is_text() -> None:
    """A model may write anything."""
    daemon = scene_ask()
    said = "Use [bold] and [/] and [@click=app.exit]this[/] \x1b[2J"
    daemon.answer = (AskPassages(PASSAGES, FRESH, LARGE.name), AskText(said), AskEnd(said))
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "Use [bold] and [/] and [@click=app.exit]this[/]" in seen(pilot))


async def test_a_passage_whose_file_is_gone_shows_the_passage() -> None:
    """The second one has no blob; its text came with the answer."""
    async with app_of(scene_ask()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "ledger/money.py:14-18" in seen(pilot))
        await settled(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: "Only the passage is shown." in seen(pilot))
        assert "def test_split_adds_up" in seen(pilot)


async def test_escape_leaves_an_empty_field_so_that_keys_are_keys() -> None:
    """Without it `q` and `1` were letters for ever."""
    async with app_of(scene_ask()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("4", *"qs")
        assert pilot.app.screen.query_one(Input).value == "qs"
        await pilot.press("escape", "2")
        assert pilot.app.current_mode == "timeline"
        await pilot.press("4")
        await settled(pilot)
        await pilot.press("escape", "q")
        assert isinstance(pilot.app.screen, LeaveScreen)


async def test_tab_and_f10_work_while_one_types() -> None:
    """As the footer says."""
    async with app_of(scene_ask()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("4", "f10")
        assert isinstance(pilot.app.screen, LeaveScreen)
        await pilot.press("escape", "tab")
        assert pilot.app.current_mode == "lake"


async def test_a_follow_up_is_asked_with_what_was_said_before_until_one_begins_anew() -> None:
    """What was said stays beneath the new answer."""
    daemon = scene_ask()
    async with app_of(daemon).run_test(size=(80, 40)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "44 tokens" in seen(pilot))
        await settled(pilot)
        await pilot.press("slash", *"more", "enter")
        await until(pilot, lambda: len(daemon.asked) == 2)
        await until(pilot, lambda: "❯ more" in seen(pilot) and "❯ split" in seen(pilot))
        assert daemon.asked[1].before == (AskTurn("split", SAID),)
        await until(pilot, lambda: "44 tokens" in seen(pilot))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "Nothing leaves this mesh." in seen(pilot))
        await pilot.press("ctrl+u", *"new", "enter")
        await until(pilot, lambda: len(daemon.asked) == 3)
        assert daemon.asked[2].before == ()


async def test_who_answers_and_what_is_asked_are_chosen_and_go_with_the_question() -> None:
    """Models in memory first; the line beneath the question says what was chosen."""
    daemon = scene_ask()
    ready = replace(SMALL, name="a-small-one", state="ready")
    lake = replace(LAKE, freshness=FRESH)
    daemon.status_now = replace(WELL, models=(ready, LARGE), lake=lake)
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("4")
        await settled(pilot)
        await pilot.press("f6")
        await until(pilot, lambda: "the Dragon chooses" in seen(pilot))
        assert seen(pilot).index(LARGE.name) < seen(pilot).index("a-small-one")
        await pilot.press("j", "enter")
        await until(pilot, lambda: f"{LARGE.name}, as you chose" in seen(pilot))
        await pilot.press("f7")
        await until(pilot, lambda: "everything" in seen(pilot))
        await pilot.press("j", "enter")
        await until(pilot, lambda: "in ledger" in seen(pilot))
        await pilot.press(*"split", "enter")
        await until(pilot, lambda: daemon.asked)
        assert daemon.asked == [AskRequest("split", "ledger", model=LARGE.name)]


async def test_a_marker_in_the_answer_opens_its_passage() -> None:
    """And one that names no passage opens nothing."""
    async with app_of(scene_ask()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "44 tokens" in seen(pilot))
        await settled(pilot)
        view = pilot.app.screen
        assert isinstance(view, AskView)
        view.action_cited(9)
        assert pilot.app.screen is view
        await view.run_action("cited(1)")
        await until(pilot, lambda: "as indexed at 3f2a91c" in seen(pilot))


async def test_what_the_laptop_answers_alone_is_labelled_until_the_dragon_answers() -> None:
    """The Dragon's answer takes the place of the laptop's, and the label goes."""
    daemon, back = scene_ask(), asyncio.Event()
    away = Away("mirror", "The Dragon is away since 13:40. This is from the laptop.")
    daemon.answer = (
        AskPassages(PASSAGES[2:], replace(FRESH, away=away), without_model="away"),
        AskText("Old words."),
        back,
        AskPassages(PASSAGES[:1], FRESH, LARGE.name),
        AskText("New words [1]."),
        AskEnd("New words [1].", PASSAGES[:1], "stop"),
    )
    async with app_of(daemon).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "away since 13:40" in seen(pilot) and "Old" in seen(pilot))
        back.set()
        await until(pilot, lambda: "New words [1]." in seen(pilot))
        await until(pilot, lambda: "away since" not in seen(pilot))
        assert "Old words" not in seen(pilot)


async def test_questions_of_this_session_come_back_into_the_field() -> None:
    """By the arrow in the field, and from a list."""
    daemon = scene_ask()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(*QUESTION)
        await until(pilot, lambda: "44 tokens" in seen(pilot))
        await settled(pilot)
        await pilot.press("slash", "ctrl+u", *"other", "enter")
        await until(pilot, lambda: len(daemon.asked) == 2)
        await until(pilot, lambda: "44 tokens" in seen(pilot))
        await settled(pilot)
        field = pilot.app.screen.query_one(Input)
        await pilot.press("slash", "up", "up")
        await until(pilot, lambda: field.value == "split")
        await pilot.press("f8")
        await until(pilot, lambda: "Asked before" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: field.value == "other")
