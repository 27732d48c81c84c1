"""Freshness as only the laptop knows it."""

from __future__ import annotations

from common.model.answer import Away, Freshness, ProjectFreshness
from common.model.ids import WorkingCopyId
from developer_node.freshening import Here, freshen, without_files

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


def test_a_project_in_which_only_commands_ran_is_said_to_be_unwatched() -> None:
    fresh = without_files(Freshness((told(HERE, 0, "/my work"),), not_asked=("Before",)), {HERE})
    said = "p is not watched, so its files are not known as they are now"
    assert fresh.not_asked == ("Before", f"{said}: postdevai watch '/my work'")


def test_a_project_with_a_copy_that_is_followed_is_not_said_to_be_unwatched() -> None:
    both = Freshness((told(HERE, 0), told(THERE, 0, "/elsewhere")))
    assert without_files(both, {HERE}) == both
    assert without_files(both, set()) == both
    assert without_files(both, {HERE}, "/elsewhere/") == both
    assert "p is not watched" in without_files(both, {HERE}, HERE).not_asked[0]


def test_many_unwatched_projects_are_one_sentence() -> None:
    copies = [WorkingCopyId(str(n) * 16) for n in range(5)]
    known = tuple(ProjectFreshness(f"p{n}", f"/{n}", copy=copy) for n, copy in enumerate(copies))
    (said,) = without_files(Freshness(known), set(copies)).not_asked
    assert said.startswith("p0, p1, p2 and 2 more are not watched, so their files")


def test_an_answer_from_the_files_here_says_nothing_of_watching() -> None:
    made = Freshness((told(HERE, 0),), away=Away("files", "The Dragon is away.", 0, 7))
    assert without_files(made, {HERE}) == made
