"""The person's own keys, themes and what is kept: used when right, said when wrong, never fatal."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.theme import Theme
from textual.widgets import Input

from common.daemon.keys import SealingKey
from developer_node.front.tui.app import VIEWS, PostDevAIApp, make_app
from developer_node.front.tui.kept_state import Kept, KeptState
from developer_node.front.tui.keymaps import names_of
from developer_node.front.tui.own_file import OwnFile, read_own_file
from developer_node.front.tui.screens.help import HelpScreen
from tests.support.scripted_daemon import ScriptedDaemon, SetClock
from tests.support.tui_scenes import scene_ask, scene_live, seen, settled, until

KEY = SealingKey(b"k" * 32)


def _app(daemon: ScriptedDaemon, **more: object) -> PostDevAIApp:
    return make_app(daemon.connect, clock=SetClock(), repaint_s=0.01, poll_s=0.25, **more)  # pyright: ignore[reportArgumentType]


def _own(tmp_path: Path, text: str) -> OwnFile:
    file = tmp_path / "tui.toml"
    file.write_text(text)
    return read_own_file(file)


def test_a_right_file_gives_keys_a_keymap_and_a_theme(tmp_path: Path) -> None:
    """All of it."""
    own = _own(
        tmp_path,
        'keymap = "vim"\ntheme = "mine"\n[keys]\n"help" = "f9"\n'
        '[themes.mine]\nprimary = "#86a8cf"\ndark = false\n',
    )
    assert (own.keymap, own.theme, own.keys, own.faults) == ("vim", "mine", {"help": "f9"}, ())
    assert own.themes == (Theme(name="mine", primary="#86a8cf", dark=False),)


def test_what_is_wrong_is_named_and_the_rest_is_used(tmp_path: Path) -> None:
    """A colour that is none, a keymap that is none, a word that means nothing."""
    own = _own(
        tmp_path,
        'keymap = "emacs"\nsound = true\n[keys]\n"help" = 3\n"leave" = "f9"\n'
        '[themes.bad]\nprimary = "blueish"\n[themes.good]\nprimary = "red"\n',
    )
    assert own.keymap == "default" and own.keys == {"leave": "f9"}
    assert [theme.name for theme in own.themes] == ["good"]
    assert len(own.faults) == 4


def test_a_file_that_is_no_toml_is_one_sentence(tmp_path: Path) -> None:
    """And without one there is nothing to say."""
    assert len(_own(tmp_path, "keymap = ").faults) == 1
    assert read_own_file(tmp_path / "absent") == OwnFile()


async def test_a_bad_file_is_said_at_the_start_and_stops_nothing() -> None:
    """A key that nothing is called by, too."""
    own = OwnFile(theme="absent", keys={"fly": "f9"}, faults=("tui.toml is left out.",))
    async with _app(scene_live(), own=own).run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: "No key is called “fly”." in seen(pilot))
        assert "There is no theme “absent”." in seen(pilot)
        assert "tui.toml is left out." in seen(pilot)


async def test_an_own_key_takes_the_place_of_the_usual_one() -> None:
    """The help page is on F9, and on F1 no more."""
    own = OwnFile(keys={"help": "f9"})
    async with _app(scene_live(), own=own, start="timeline").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("f1")
        await settled(pilot)
        assert not isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


async def test_in_vims_keymap_h_and_l_open_nothing_and_capitals_turn_views() -> None:
    """The default keymap opens the history with h."""
    own = OwnFile(keymap="vim")
    async with _app(scene_live(), own=own, start="failures").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot)
        assert pilot.app.current_mode == "failures"
        await pilot.press("L")
        await until(pilot, lambda: pilot.app.current_mode == "ask")


@pytest.mark.parametrize(("keymap", "key"), [("default", "ctrl+p"), ("vim", "colon")])
async def test_the_palette_opens_by_its_key(keymap: str, key: str) -> None:
    """Textual adds no key of its own where an app has one for the palette."""
    own = OwnFile(keymap=keymap)
    async with _app(scene_live(), own=own, start="timeline").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))


async def test_upstreams_letters_open_the_views() -> None:
    """h, l, m, c where the view does not use them itself."""
    async with _app(scene_live(), start="dashboard").run_test(size=(80, 24)) as pilot:
        for key, view in (("h", "timeline"), ("l", "lake"), ("f2", "models"), ("c", "context")):
            await pilot.press(key)
            await until(pilot, lambda view=view: pilot.app.current_mode == view)


def test_every_key_of_every_view_has_a_name_of_its_own() -> None:
    """So that tui.toml can move it."""
    for view in VIEWS:
        named = names_of(view.__dict__["BINDINGS"])
        assert all(name.startswith(f"{view.VIEW}.") for name, _ in named)


def test_typed_words_are_kept_sealed_and_the_rest_is_plain(tmp_path: Path) -> None:
    """No word of the question is in any file."""
    state = KeptState(tmp_path / "tui", lambda: KEY)
    now = Kept("ask", "paper", "vim", {"ask": {"question": "where is the secret"}})
    assert state.read() == Kept()
    assert state.write(now) == ""
    assert KeptState(tmp_path / "tui", lambda: KEY).read() == now
    assert not any(b"secret" in file.read_bytes() for file in (tmp_path / "tui").iterdir())


def test_what_cannot_be_read_is_as_if_it_had_never_been(tmp_path: Path) -> None:
    """Torn files, and another key."""
    state = KeptState(tmp_path / "tui", lambda: KEY)
    state.write(Kept("ask", typed={"ask": {"question": "why"}}))
    assert KeptState(tmp_path / "tui", lambda: SealingKey(b"o" * 32)).read() == Kept("ask")
    (tmp_path / "tui" / "state.json").write_bytes(b"{")
    (tmp_path / "tui" / "typed.sealed").write_bytes(b"torn")
    assert KeptState(tmp_path / "tui", lambda: KEY).read() == Kept()


async def test_view_theme_and_a_question_that_was_not_sent_are_there_again(tmp_path: Path) -> None:
    """After leaving and starting anew."""
    state = KeptState(tmp_path / "tui", lambda: KEY)
    app = _app(scene_ask(), kept=state)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.current_mode == "dashboard"
        app.theme = "paper"
        await pilot.press("4")
        await until(pilot, lambda: app.screen.query("#question"))
        app.screen.query_one("#question", Input).value = "how is money split"
        app.action_leave()
        await until(pilot, lambda: "Leave PostDevAI?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: app._exit)
    again = _app(scene_ask(), kept=KeptState(tmp_path / "tui", lambda: KEY))
    async with again.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "how is money split" in seen(pilot))
        assert (again.current_mode, again.theme) == ("ask", "paper")
