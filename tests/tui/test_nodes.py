"""Nodes and tasks: who is there, how calls fare, a code shown once, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from common.errors import Unavailable
from common.model.node import Invitation
from developer_node.front.tui.screens.invite import InviteScreen
from developer_node.front.tui.screens.nodes import NodesView
from developer_node.front.tui.widgets.row_list import RowList
from tests.support.scripted_daemon import NOW_MS, ScriptedDaemon
from tests.support.tui_scenes import app_of, seen, settled, until
from tests.support.tui_scenes_frame import (
    BUSY_LAKE,
    BUSY_NODES,
    TASKS,
    TROUBLED,
    scene_away_for_long,
    scene_busy,
    scene_tasks,
    scene_well,
)
from tests.support.tui_scenes_rooms import LEDGER

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


@pytest.mark.parametrize("size", [(80, 40), (120, 40)], ids=["80", "120"])
def test_tasks_and_dragons_that_follow(shown: Shown, size: tuple[int, int]) -> None:
    """How far each is, what each lacks, and whose clock or version is off."""
    assert shown(scene_tasks(), size)


async def test_without_the_coordinator_no_task_is_said_to_be_there() -> None:
    """What it said last may have ended since."""
    daemon = scene_tasks()
    daemon.tasks.refusal = Unavailable("It does not answer.")
    async with app_of(daemon, start="nodes").run_test(size=LARGE) as pilot:
        await until(pilot, lambda: "Which tasks there are is not known" in seen(pilot))
        assert "summarise ledger" not in seen(pilot)
        daemon.tasks.refusal = None
        await until(pilot, lambda: "summarise ledger" in seen(pilot))


async def test_a_task_is_told_whole_with_what_came_of_it() -> None:
    """Also which machine did it."""
    async with app_of(scene_tasks(), start="nodes").run_test(size=(100, 40)) as pilot:
        await _at(pilot, f"task:{TASKS.tasks[0].id}")
        await pilot.press("enter")
        await until(pilot, lambda: "dragon d0d0d0d0" in seen(pilot))
        assert "1,240 of 2,950 files" in seen(pilot)
        await pilot.press("escape")
        await _at(pilot, f"task:{TASKS.tasks[3].id}")
        await pilot.press("enter")
        await until(pilot, lambda: "ledger: 8 MB" in seen(pilot))


async def test_a_running_task_is_ended_after_a_yes_and_not_before() -> None:
    """Its row says so until its worker has."""
    daemon = scene_tasks()
    task = TASKS.tasks[0].id
    async with app_of(daemon, start="nodes").run_test(size=(100, 40)) as pilot:
        await _at(pilot, f"task:{task}")
        await pilot.press("x")
        await until(pilot, lambda: "End the task reindex ledger?" in seen(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "End the task" not in seen(pilot))
        assert daemon.tasks.asked == []
        await pilot.press("x")
        await until(pilot, lambda: "End the task reindex ledger?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: "is being ended" in seen(pilot))
        assert daemon.tasks.asked == [("cancel", task)]


async def test_a_task_that_was_put_aside_waits_again() -> None:
    """And needs nobody any more."""
    daemon = scene_tasks()
    task = TASKS.tasks[2].id
    async with app_of(daemon, start="nodes").run_test(size=(100, 40)) as pilot:
        await _at(pilot, f"task:{task}")
        await pilot.press("r")
        await until(pilot, lambda: "put aside" not in seen(pilot))
        assert daemon.tasks.asked == [("retry", task)]
        await pilot.press("1")
        await until(pilot, lambda: "set the clock of attic" in seen(pilot))
        assert "put aside" not in seen(pilot)


async def test_a_task_is_submitted_with_the_project_that_was_picked() -> None:
    """A kind that needs none asks for none."""
    daemon = scene_tasks()
    daemon.status_now = replace(daemon.status_now, lake=replace(BUSY_LAKE, kept=(LEDGER,)))
    async with app_of(daemon, start="nodes").run_test(size=(100, 40)) as pilot:
        await _at(pilot, f"task:{TASKS.tasks[1].id}")
        await pilot.press("t")
        await until(pilot, lambda: "What is to be done?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: len(daemon.tasks.wishes) == 1)
        await pilot.press("t")
        await until(pilot, lambda: "What is to be done?" in seen(pilot))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: "With which project?" in seen(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: len(daemon.tasks.wishes) == 2)
        asked = [(wish.kind, wish.project) for wish in daemon.tasks.wishes]
        assert asked == [("snapshot", ""), ("reindex", LEDGER.name)]


async def _at(pilot: Pilot[None], key: str) -> None:
    """The cursor on a row, once it is there."""
    await until(pilot, lambda: isinstance(pilot.app.screen, NodesView))
    rows = pilot.app.screen.query_one(RowList)

    def there() -> bool:
        rows.select(key)
        return rows.row is not None and rows.row.key == key

    await until(pilot, there)


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
