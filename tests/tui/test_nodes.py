"""Nodes and tasks: who is there, how calls fare, a code shown once, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from common.model.node import Invitation
from developer_node.front.tui.node_rows import NO_TASKS
from developer_node.front.tui.screens.invite import InviteScreen
from tests.support.scripted_daemon import NOW_MS, ScriptedDaemon
from tests.support.tui_scenes import app_of, seen, settled, until
from tests.support.tui_scenes_frame import (
    BUSY_NODES,
    TROUBLED,
    scene_away_for_long,
    scene_busy,
    scene_well,
)

SMALL, LARGE = (80, 24), (120, 36)
Shown = Callable[..., bool]


@pytest.fixture
def shown(snap_compare: Callable[..., bool]) -> Shown:
    """Compares the picture of a scene's Nodes with the one that was looked at."""

    def compare(daemon: ScriptedDaemon, size: tuple[int, int]) -> bool:
        app = app_of(daemon, start="nodes")
        return snap_compare(app, run_before=settled, terminal_size=size)

    return compare


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80", "120"])
def test_who_is_there_and_what_runs(shown: Shown, size: tuple[int, int]) -> None:
    """Nodes, this laptop, ways, and what runs."""
    assert shown(scene_well(), size)


def test_an_open_circuit_says_why_and_when_it_is_tried_again(shown: Shown) -> None:
    """Held back calls are no mystery."""
    assert shown(ScriptedDaemon(status=TROUBLED), LARGE)


def test_without_the_dragon_its_own_memory_tells_how_old_it_is(shown: Shown) -> None:
    """And that verdicts wait."""
    assert shown(scene_away_for_long(), SMALL)


async def test_without_the_coordinator_nobody_is_said_to_be_there() -> None:
    """The last list is not shown as today's."""
    daemon = scene_busy()
    daemon.status_now = replace(daemon.status_now, coordinator_unavailable="It does not answer.")
    async with app_of(daemon, start="nodes").run_test(size=LARGE) as pilot:
        await until(pilot, lambda: "not known without the Coordinator" in seen(pilot))
        assert "pid 4102" not in seen(pilot)


async def test_enter_tells_everything_about_a_node() -> None:
    """Also what the row had no room for."""
    async with app_of(scene_well(), start="nodes").run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "4101" in seen(pilot))
        assert BUSY_NODES[0].id in seen(pilot)


async def test_there_is_no_task_list_and_the_view_says_so() -> None:
    """Plainly."""
    async with app_of(scene_well(), start="nodes").run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        assert NO_TASKS in seen(pilot)
        assert "models: 1 request at work, 1 waiting" in seen(pilot)


async def test_an_invitation_is_shown_once_and_copied_as_a_command() -> None:
    """For the role that was chosen."""
    daemon = scene_well()
    daemon.invitation = Invitation("ABCD-EFGH", NOW_MS + 600_000)
    async with app_of(daemon, start="nodes").run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("i")
        await until(pilot, lambda: "Who joins?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "postdevai join ABCD-EFGH" in seen(pilot))
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.clipboard == "postdevai join ABCD-EFGH")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, InviteScreen))
        assert daemon.invited == ["developer"]
        assert "ABCD-EFGH" not in seen(pilot)
