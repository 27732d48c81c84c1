"""The ask view as it is used: passages before words, cancelled at once, honest about its model."""

from __future__ import annotations

import asyncio

from textual.widgets import Input

from common.model.answer import AskEnd, AskPassages, AskRequest, AskText
from developer_node.front.tui.screens.leave import LeaveScreen
from tests.support.tui_scenes import (
    FRESH,
    LARGE,
    PASSAGES,
    SCENES,
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
