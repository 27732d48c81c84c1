"""What needs a person, and only that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from common.model.laptop import FeedState, LaptopStatus, OutboxStatus
from developer_node.front.tui.needs import Need, needs
from developer_node.front.tui.notebook import Lost, Notebook
from tests.support.scripted_daemon import NOW_MS
from tests.support.tui_scenes import AWAY, card
from tests.support.tui_scenes_frame import (
    BUSY,
    FOLLOWED,
    TASKS,
    TROUBLED,
    scene_away_for_long,
)


def _needs(status: LaptopStatus | None, **more: object) -> list[Need]:
    notebook = Notebook()
    if status is not None:
        notebook.set_status(status)
    for name, value in more.items():
        setattr(notebook, name, value)
    return list(needs(notebook, NOW_MS, UTC))


def test_a_mesh_that_is_well_needs_nobody() -> None:
    """Silence is the default."""
    assert _needs(BUSY) == []


def test_everything_that_went_wrong_is_said_once_and_grave_things_first() -> None:
    """A full disk before a lake that is nearly full."""
    found = _needs(TROUBLED)
    assert [need.grave for need in found] == sorted((n.grave for n in found), reverse=True)
    assert len({need.key for need in found}) == len(found)
    assert {need.key.split(":")[0] for need in found} == {
        *("disk", "outbox", "refused", "gaps", "disk-lake", "lake", "model", "node"),
        *("circuit", "repository"),
    }


def test_a_lost_daemon_is_the_only_need_for_nothing_else_is_known() -> None:
    """What the last status said may not be so any more."""
    found = _needs(TROUBLED, lost=Lost("It has ended.", ""))
    assert [need.sentence for need in found] == ["It has ended."]


def test_a_dragon_away_is_said_with_the_time_since_when() -> None:
    """And how much waits for it."""
    found = _needs(scene_away_for_long().status_now)
    away = next(need for need in found if need.key == "away")
    assert AWAY in away.sentence and "Away since 13:55:00." in away.sentence
    assert any(need.sentence == "12 records wait for the Dragon" for need in found)


def test_records_on_the_way_to_a_dragon_that_is_there_are_no_need() -> None:
    """The control case of the one above."""
    assert _needs(replace(BUSY, outbox=OutboxStatus(waiting=12))) == []


def test_cards_that_were_not_looked_at_lead_to_failures() -> None:
    """With their number."""
    notebook = Notebook()
    notebook.set_status(BUSY)
    notebook.add_cards([card("s1"), card("s2")])
    found = needs(notebook, NOW_MS, UTC)
    assert [(need.view, need.sentence) for need in found] == [
        ("failures", "2 failures came back that you have not looked at")
    ]


def test_a_task_that_was_put_aside_leads_to_the_nodes_and_others_need_nobody() -> None:
    """What waits, runs or was cancelled goes on without anybody."""
    (need,) = _needs(BUSY, tasks=TASKS)
    assert (need.view, need.grave) == ("nodes", False)
    assert need.sentence == (
        "1 task put aside after every attempt failed: no model is loaded that can summarise"
    )
    well = replace(TASKS, tasks=tuple(t for t in TASKS.tasks if t.state != "dead"))
    assert _needs(BUSY, tasks=well) == []


def test_a_clock_or_a_version_that_is_off_is_a_need() -> None:
    """And a follower that lacks too much to take its leader's place."""
    said = [need.sentence for need in _needs(FOLLOWED)]
    assert len(said) == 3
    assert said[0].startswith("Dragon d1d1d1d1: Version 0.3.0 is too far from 0.1.0")
    assert said[1].endswith("set the clock of attic")
    assert "41,250 records behind" in said[2]


def test_a_paused_recording_is_said_once() -> None:
    """The banner says it, too."""
    paused = "Recording is paused until 15:00."
    found = _needs(BUSY, paused=paused, state=FeedState(True, True, 0))
    assert [need.sentence for need in found] == [paused]


@pytest.mark.parametrize(("lease_s", "needed"), [(2.5, False), (0.4, True), (-1.0, True)])
def test_a_lease_that_runs_out_is_seen(lease_s: float, *, needed: bool) -> None:
    """It is renewed each second."""
    nodes = (replace(BUSY.nodes[0], lease_s=lease_s), *BUSY.nodes[1:])
    assert bool(_needs(replace(BUSY, nodes=nodes))) is needed


def test_a_laptop_that_was_put_out_needs_that_said_and_nobody_elses_return() -> None:
    """The other nodes are not gone: they do not answer it any more."""
    why = "node 128a is no longer welcome"
    out = replace(TROUBLED, put_out=why, dragon_unavailable=why, coordinator_unavailable=why)
    found = _needs(out)
    said = [need for need in found if "put out of its mesh" in need.sentence]
    assert [need.view for need in said] == ["nodes"] and said[0].grave
    assert not [need for need in found if need.key.startswith(("node:", "circuit:", "waiting"))]
