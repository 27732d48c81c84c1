"""Dashboard: what needs you, each row a way to where it is dealt with, and honest gauges."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.scripted_daemon import ScriptedDaemon
from tests.support.tui_scenes import app_of, seen, settled, until
from tests.support.tui_scenes_frame import (
    scene_away_for_long,
    scene_busy,
    scene_first_day,
    scene_troubled,
    scene_well,
)

SMALL, LARGE = (80, 24), (120, 36)
SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80", "120"])
Shown = Callable[..., bool]


@pytest.fixture
def shown(snap_compare: Callable[..., bool]) -> Shown:
    """Compares the picture of a scene's Dashboard with the one that was looked at."""

    def compare(daemon: ScriptedDaemon, size: tuple[int, int]) -> bool:
        app = app_of(daemon, start="dashboard")
        return snap_compare(app, run_before=settled, terminal_size=size)

    return compare


@SIZES
def test_a_busy_mesh_at_a_glance(shown: Shown, size: tuple[int, int]) -> None:
    """Nodes with their gauges, lake, memory, models, events, and what needs the person."""
    assert shown(scene_busy(), size)


@SIZES
def test_everything_that_went_wrong_stands_first(shown: Shown, size: tuple[int, int]) -> None:
    """Each with the view where it is dealt with."""
    assert shown(scene_troubled(), size)


@SIZES
def test_without_its_dragon_nothing_old_is_shown_as_new(
    shown: Shown, size: tuple[int, int]
) -> None:
    """Lake and models are not known, and it says so."""
    assert shown(scene_away_for_long(), size)


def test_a_first_day_says_what_to_try(shown: Shown) -> None:
    """Nothing needs anybody and nothing has happened."""
    assert shown(scene_first_day(), SMALL)


def test_a_lost_daemon_leaves_no_gauge(shown: Shown) -> None:
    """What was known of amounts is stale."""
    daemon = scene_well()
    daemon.go("The developer node has ended.")
    assert shown(daemon, SMALL)


async def test_a_need_opens_the_view_where_it_is_dealt_with() -> None:
    """The card that was not looked at."""
    async with app_of(scene_busy(), start="dashboard").run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.current_mode == "failures")


async def test_an_event_opens_in_the_timeline_at_its_row() -> None:
    """The second newest, with the cursor on it."""
    async with app_of(scene_well(), start="dashboard").run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("j", "j", "enter")
        await until(pilot, lambda: pilot.app.current_mode == "timeline")
        await until(pilot, lambda: "held" in seen(pilot))
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.clipboard == "git switch main")


async def test_home_opens_the_dashboard_from_any_list() -> None:
    """As upstream had it."""
    async with app_of(scene_well()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("home")
        await until(pilot, lambda: pilot.app.current_mode == "dashboard")
