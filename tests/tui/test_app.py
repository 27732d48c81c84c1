"""The frame: views, banner, coming back, leaving, and that a lost daemon is a state."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from common.errors import Unavailable
from common.model.laptop import FeedState
from developer_node.front.tui.app import PostDevAIApp, make_app, run_until_left
from developer_node.front.tui.screens.help import HelpScreen
from developer_node.front.tui.screens.leave import LeaveScreen
from tests.support.scripted_daemon import ScriptedDaemon
from tests.support.tui_scenes import (
    AWAY,
    LAKE,
    WELL,
    app_of,
    command,
    scene_card,
    scene_empty,
    scene_live,
    seen,
    settled,
    until,
)


async def test_numbers_tab_and_f4_switch_the_views() -> None:
    """Tab goes round."""
    async with app_of(scene_live()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        visited: list[str] = []
        for key in ("3", "f4", "tab", "tab", "shift+tab", "1", "shift+tab", "2"):
            await pilot.press(key)
            visited.append(pilot.app.current_mode)
        around = ["failures", "ask", "failures", "dashboard", "nodes", "timeline"]
        assert visited == ["failures", "timeline", *around]


async def test_a_lost_daemon_is_a_banner_and_the_app_comes_back_by_itself() -> None:
    """What was on the screen stays meanwhile, and nothing appears twice afterwards."""
    daemon = scene_live()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        daemon.go("The developer node has ended.")
        await until(pilot, lambda: "The developer node has ended." in seen(pilot))
        assert "git switch main" in seen(pilot)
        daemon.come_back()
        await until(pilot, lambda: "has ended" not in seen(pilot))
        daemon.say(command(90, 1, "after the return"))
        await until(pilot, lambda: "after the return" in seen(pilot))
        assert seen(pilot).count("git switch main") == 1


async def test_a_daemon_that_was_never_there_is_waited_for() -> None:
    """The app opens all the same."""
    daemon = scene_live()
    daemon.go("The developer node is not running.")
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "is not running" in seen(pilot))
        assert "Nothing has happened yet." not in seen(pilot)
        daemon.come_back()
        await until(pilot, lambda: "git switch main" in seen(pilot))


async def test_the_banner_goes_when_the_dragon_comes_back() -> None:
    """By the feed's own word, before the next status."""
    daemon = scene_live()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        daemon.say(FeedState(dragon=False, coordinator=True, waiting=3, sentence=AWAY))
        await until(pilot, lambda: "Recording goes on (3 records" in seen(pilot))
        daemon.say(FeedState(dragon=True, coordinator=True, waiting=0))
        await until(pilot, lambda: "Recording goes on" not in seen(pilot))


async def test_an_absent_coordinator_does_not_look_like_an_absent_dragon() -> None:
    """Work goes on with what is known."""
    daemon = ScriptedDaemon(status=replace(WELL, coordinator_unavailable="It does not answer."))
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Work goes on with the routes" in seen(pilot))
        assert "○coordinator" in seen(pilot) and "●dragon" in seen(pilot)


async def test_a_lake_that_is_not_in_ram_is_labelled_so() -> None:
    """With bytes and budget."""
    daemon = ScriptedDaemon(status=replace(WELL, lake=replace(LAKE, ram=False)))
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "NOT RAM 13 MB/2.0 GB" in seen(pilot))


async def test_q_and_enter_leave_and_stop_nothing() -> None:
    """Recording goes on."""
    stopped: list[str] = []

    async def stop() -> None:
        stopped.append("all")

    app = make_app(scene_live().connect, stop_everything=stop)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("q", "enter")
        await until(pilot, lambda: not app.is_running or app._exit)
    assert stopped == []
    assert app.return_code == 0


async def test_q_and_s_stop_everything_before_leaving() -> None:
    """Once."""
    stopped: list[str] = []

    async def stop() -> None:
        stopped.append("all")

    app = make_app(scene_live().connect, stop_everything=stop)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("q", "s")
        await until(pilot, lambda: app._exit)
    assert stopped == ["all"]


async def test_a_node_that_would_not_stop_is_said_and_the_app_stays() -> None:
    """With the hint of the refusal."""

    async def stop() -> None:
        raise Unavailable("The Dragon (pid 41) would not stop.", hint="Wait, then try again.")

    app = make_app(scene_live().connect, stop_everything=stop)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("q", "s")
        await until(pilot, lambda: "(pid 41) would not stop." in seen(pilot))
        assert isinstance(app.screen, LeaveScreen)
        await pilot.press("escape")
        assert not isinstance(app.screen, LeaveScreen)


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q", "f10"])
async def test_every_way_out_asks(key: str) -> None:
    """Escape stays."""
    async with app_of(scene_live()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, LeaveScreen))
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, LeaveScreen)


async def test_without_something_to_stop_the_question_does_not_offer_it() -> None:
    """A screen opened beside daemons that somebody else started."""
    app = make_app(scene_live().connect)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("q")
        await until(pilot, lambda: "Leave PostDevAI?" in seen(pilot))
        assert "stop everything" not in seen(pilot)


@pytest.mark.parametrize(("view", "word"), [("2", "Filter"), ("3", "Accept"), ("4", "Question")])
async def test_help_lists_the_keys_of_the_view(view: str, word: str) -> None:
    """F1 in each of them; the ask view types ?, so F1 it is."""
    async with app_of(scene_card()).run_test(size=(80, 40)) as pilot:
        await settled(pilot)
        await pilot.press(view, "f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await until(pilot, lambda: word in seen(pilot))


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (200, 60)])
async def test_every_view_draws_at_every_size(size: tuple[int, int]) -> None:
    """Also smaller than promised."""
    async with app_of(scene_card()).run_test(size=size) as pilot:
        await settled(pilot)
        for key in ("1", "3", "f1", "escape", "5", "6", "7", "8", "2"):
            await pilot.press(key)
            await settled(pilot)
        assert "2 Timeline" in seen(pilot)


@pytest.mark.parametrize("theme", ["dusk", "paper", "textual-dark", "ansi-dark", "nord"])
async def test_every_theme_draws_the_cards(theme: str) -> None:
    """No style names a colour that a theme lacks."""
    async with app_of(scene_card()).run_test(size=(80, 24)) as pilot:
        if theme not in pilot.app.available_themes:
            pytest.fail(f"textual has no theme {theme}")
        pilot.app.theme = theme
        await pilot.press("3")
        await until(pilot, lambda: "observed" in seen(pilot))


async def test_an_empty_day_needs_no_dragon() -> None:
    """The first words are the same with and without one."""
    async with app_of(scene_empty()).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Nothing has happened yet." in seen(pilot))


@pytest.mark.parametrize(
    ("stays_here", "words"),
    [
        (True, "keep recording here; Ctrl-C stops everything"),
        (False, "keep recording in the background"),
    ],
)
async def test_leaving_says_where_recording_goes_on(stays_here: bool, words: str) -> None:
    """A foreground `up` keeps the terminal; daemons of their own do not."""
    app = make_app(scene_live().connect, stays_here=stays_here)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("q")
        await until(pilot, lambda: words in seen(pilot))


class _Ends:
    """Screens that end by themselves, until somebody leaves them."""

    def __init__(self, by_itself: int) -> None:
        self.opened = 0
        self._by_itself = by_itself
        self.left = False
        self.return_code = 0

    def __call__(self) -> PostDevAIApp:
        self.opened += 1
        return cast(PostDevAIApp, self)

    def run(self) -> None:
        self.left = self.opened > self._by_itself


@pytest.mark.parametrize(("by_itself", "opened", "code"), [(0, 1, 0), (2, 3, 0), (99, 3, 1)])
def test_screens_that_end_though_nobody_left_them_are_opened_again(
    monkeypatch: pytest.MonkeyPatch, by_itself: int, opened: int, code: int
) -> None:
    """And not for ever."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    screens = _Ends(by_itself)
    assert run_until_left(screens) == code
    assert screens.opened == opened
