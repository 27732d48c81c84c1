"""Freshness as only the laptop knows it."""

from __future__ import annotations

from common.model.answer import Freshness, ProjectFreshness
from developer_node.freshening import Here, freshen

OLD, NEW = "a" * 40, "b" * 40


def told(path: str, behind: int) -> ProjectFreshness:
    return ProjectFreshness("p", path, OLD, OLD, behind)


def test_head_is_the_one_on_disk_and_waiting_files_are_behind() -> None:
    fresh = freshen(Freshness((told("/w", 2),), 1, 0.5), {"/w": Here(NEW, 3)}, 7)
    assert fresh == Freshness((ProjectFreshness("p", "/w", OLD, NEW, 5),), 8, 0.5)


def test_a_first_scan_stays_unknown_however_many_files_wait() -> None:
    fresh = freshen(Freshness((told("/w", -1),)), {"/w": Here(NEW, 3)}, 0)
    assert fresh.projects[0].files_behind == -1


def test_a_copy_on_another_machine_stays_as_told() -> None:
    freshness = Freshness((told("/elsewhere", 2),))
    assert freshen(freshness, {"/w": Here(NEW, 3)}, 0) == freshness
