"""Which commit may be named, and which never."""

from __future__ import annotations

from collections import Counter

from common.model.event import PathChange
from dragon_node.failures.diffs import Lines
from dragon_node.failures.labels import GONE, UNCOMMITTED, KnownCommit, label

FAILED_MS = 1_000_000
FIX = PathChange("a.py", "bad", "good")


def commit(
    sha: str = "c" * 40,
    at_ms: int = FAILED_MS + 5_000,
    *,
    gone: bool = False,
    before: bool = False,
    leaves: str = "good",
    added: str = "",
) -> KnownCommit:
    patch = {"a.py": Lines(Counter([added]), Counter())} if added else {}
    return KnownCommit(sha, "subject", at_ms, gone, before, {"a.py": ("bad", leaves)}, patch)


def named(*commits: KnownCommit, added: str = "return 0") -> str:
    return label((FIX,), _lines(added), commits, FAILED_MS).commit


def _lines(added: str) -> dict[str, Lines]:
    return {"a.py": Lines(Counter([added]), Counter())}


def test_a_later_commit_that_leaves_the_file_so_is_named() -> None:
    """The control case of the refusals below."""
    assert named(commit()) == "c" * 40


def test_a_commit_that_was_there_when_it_failed_is_not_named_however_late_it_was_reported() -> None:
    assert named(commit(before=True)) == ""


def test_a_commit_from_before_the_failure_is_not_named_though_it_is_on_no_known_line() -> None:
    """A pull brings old commits whose parents nobody reported."""
    assert named(commit(at_ms=FAILED_MS - 60_000)) == ""


def test_a_commit_in_the_same_second_as_the_failure_is_later() -> None:
    assert named(commit(at_ms=FAILED_MS - 999)) == "c" * 40


def test_lines_are_found_only_where_all_of_them_are_and_one_means_something() -> None:
    assert named(commit(leaves="more", added="return 0"))
    assert named(commit(leaves="more", added="return 1")) == ""
    assert named(commit(leaves="more", added="}"), added="}") == ""


def test_the_commit_that_leaves_the_very_content_goes_before_one_with_its_lines() -> None:
    early = commit("a" * 40, FAILED_MS + 1, leaves="more", added="return 0")
    assert named(early, commit("b" * 40, FAILED_MS + 9)) == "b" * 40


def test_the_first_of_two_equal_commits_is_named() -> None:
    assert named(commit("b" * 40, FAILED_MS + 9), commit("a" * 40, FAILED_MS + 5)) == "a" * 40


def test_a_commit_that_mends_something_else_carries_no_edit_that_was_taken_back() -> None:
    """HEAD had the file right all along: the mistake of the failing run was in no commit."""
    head = commit("a" * 40, FAILED_MS - 60_000, before=True)
    other = commit("b" * 40, added="return 7")
    assert label((FIX,), _lines("return 0"), (head, other), FAILED_MS).text == (
        "an uncommitted edit undone, back to aaaaaaa subject"
    )
    assert named(head, commit("b" * 40, added="return 0")) == "b" * 40


def test_a_commit_that_mends_another_mistake_in_the_same_line_carries_no_edit_taken_back() -> None:
    """What it adds is the same line; what it removes is not."""
    head = commit("a" * 40, FAILED_MS - 60_000, before=True)
    ours = {"a.py": Lines(Counter(["return 0"]), Counter(["return 1"]))}

    def by(removed: str) -> str:
        patch = {"a.py": Lines(Counter(["return 0"]), Counter([removed]))}
        later = KnownCommit(
            "b" * 40, "s", FAILED_MS + 9, False, False, {"a.py": ("x", "good")}, patch
        )
        return label((FIX,), ours, (head, later), FAILED_MS).commit

    assert by("return 2") == ""
    assert by("return 1") == "b" * 40


def test_the_control_is_that_it_is_named_where_head_had_the_mistake() -> None:
    right = commit("a" * 40, FAILED_MS - 60_000, before=True)
    wrong = KnownCommit(
        "d" * 40, "s", FAILED_MS - 9_000, False, True, {"a.py": ("good", "bad")}, {}
    )
    assert named(right, wrong, commit("b" * 40, added="return 7")) == "b" * 40


def test_nothing_and_gone_are_told_apart() -> None:
    assert label((FIX,), {}, (), FAILED_MS).text == UNCOMMITTED
    assert label((FIX,), {}, (commit(gone=True),), FAILED_MS).text == GONE


def test_a_changed_mode_is_carried_only_by_a_commit_that_changes_nothing_else() -> None:
    """Neither did an earlier commit with the same content hold it, nor is it its own revert."""
    made = PathChange("a.py", "good", "good", mode="100755")
    same = {"a.py": ("good", "good")}
    mode = KnownCommit("c" * 40, "run", FAILED_MS + 5, False, False, same, {})
    added = KnownCommit("d" * 40, "add", FAILED_MS - 5, False, True, {"a.py": ("", "good")}, {})
    assert label((made,), {}, (mode,), FAILED_MS).text == "ccccccc run"
    assert label((made,), {}, (added,), FAILED_MS).text == UNCOMMITTED
