"""The lake in lines: complete, honest of when, and a restore that is only told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from common.model.lake import ProjectStats
from developer_node.front.tui.gauges import LakeSeen, Samples
from developer_node.front.tui.lake_rows import (
    generation_of,
    head,
    name_of,
    project_of,
    restore_command,
    rows,
    snapshot_facts,
)
from tests.support.scripted_daemon import NOW_MS
from tests.support.tui_scenes_rooms import LAKE, LEDGER, NOTES

SEEN = LakeSeen(LAKE, NOW_MS, now=True)


def said_of(seen: LakeSeen, samples: Samples | None = None) -> str:
    """The head, as one line."""
    return " ".join(head(seen, samples or Samples(), 200, NOW_MS, UTC).plain.split())


def test_where_it_lies_is_said_in_words() -> None:
    assert "in RAM (tmpfs) · 13 MB of 64 MB, 20 %" in said_of(SEEN)
    disk = replace(LAKE, ram=False, back_end="directory", why="there was no room")
    assert "NOT RAM (directory)" in said_of(LakeSeen(disk, NOW_MS, now=True))
    assert "there was no room" in said_of(LakeSeen(disk, NOW_MS, now=True))


def test_what_is_not_of_now_says_when_it_was() -> None:
    assert "not now" not in said_of(SEEN)
    assert "as it was at 14:05:00, not now" in said_of(replace(SEEN, now=False))


def test_growth_is_said_in_words_once_there_is_any_to_speak_of() -> None:
    samples = Samples()
    samples.add(NOW_MS - 60_000, 1_000_000)
    assert "since" not in said_of(SEEN, samples)
    samples.add(NOW_MS, 3_000_000)
    assert "grew by 2.0 MB since 14:04" in said_of(SEEN, samples)
    samples.add(NOW_MS + 60_000, 1_000_000)
    assert "did not grow since 14:04" in said_of(SEEN, samples)


def test_every_project_snapshot_and_store_has_a_row() -> None:
    keys = [row.key for row in rows(SEEN, NOW_MS)]
    assert len(keys) == len(LAKE.kept) + len(LAKE.generations) + len(LAKE.stores)
    assert project_of(LAKE, f"project:{LEDGER.id}") == LEDGER
    assert project_of(LAKE, "snapshot:3") is None
    assert generation_of(LAKE, "snapshot:3") == LAKE.generations[0]
    assert generation_of(LAKE, "store:words") is None


def test_a_sleeper_is_said_to_be_on_the_ssd() -> None:
    row = next(row for row in rows(SEEN, NOW_MS) if row.key == f"project:{NOTES.id}")
    assert "asleep" in row.left.plain and "2.0 MB on the SSD" in row.right.plain


def test_what_happened_outside_of_repositories_has_a_name() -> None:
    assert name_of(ProjectStats(LEDGER.id, "", "awake")) == "outside any repository"


def test_a_restore_is_a_command_of_its_own_generation() -> None:
    newest = LAKE.generations[0]
    assert restore_command(newest) == "postdevai restore --at 3"
    assert "postdevai restore --at 3" in snapshot_facts(newest, NOW_MS, UTC).plain
