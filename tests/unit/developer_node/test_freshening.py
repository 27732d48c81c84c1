"""Freshness as only the laptop knows it."""

from __future__ import annotations

from common.model.answer import Away, Freshness, ProjectFreshness
from common.model.ids import WorkingCopyId
from developer_node.freshening import Here, freshen

OLD, NEW = "a" * 40, "b" * 40
HERE, THERE = WorkingCopyId("1" * 16), WorkingCopyId("2" * 16)


def told(copy: WorkingCopyId, behind: int, path: str = "/w") -> ProjectFreshness:
    return ProjectFreshness("p", path, OLD, OLD, behind, copy)


def test_head_is_the_one_on_disk_and_waiting_files_are_behind() -> None:
    fresh = freshen(Freshness((told(HERE, 2),), 1, 0.5), {HERE: Here(NEW, 3)}, 7)
    assert fresh == Freshness((ProjectFreshness("p", "/w", OLD, NEW, 5, HERE),), 8, 0.5)


def test_a_first_scan_stays_unknown_however_many_files_wait() -> None:
    fresh = freshen(Freshness((told(HERE, -1),)), {HERE: Here(NEW, 3)}, 0)
    assert fresh.projects[0].files_behind == -1


def test_a_copy_on_another_machine_stays_as_told() -> None:
    freshness = Freshness((told(THERE, 2, "/elsewhere"),))
    assert freshen(freshness, {HERE: Here(NEW, 3)}, 0) == freshness


def test_a_copy_at_the_same_path_on_another_machine_is_not_mixed_with_ours() -> None:
    """Two laptops of one person often have the same directories."""
    fresh = freshen(Freshness((told(HERE, 0), told(THERE, 0))), {HERE: Here(NEW, 3)}, 0)
    ours, theirs = fresh.projects
    assert (ours.head_commit, ours.files_behind) == (NEW, 3)
    assert (theirs.head_commit, theirs.files_behind) == (OLD, 0)


def test_of_an_answer_that_was_made_here_nothing_is_behind_what_is_here() -> None:
    made = Freshness((told(HERE, 0),), away=Away("files", "The Dragon is away.", 0, 7))
    assert freshen(made, {HERE: Here(NEW, 3)}, 7) == made
