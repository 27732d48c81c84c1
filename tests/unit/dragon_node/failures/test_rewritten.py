"""The hunks are the remedy: its commit is found again after squash, rebase and amend."""

from __future__ import annotations

from common.model.event import Commit, GitOperation, PathChange
from common.model.failure import TestReport
from common.model.ids import short_hash
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, TEST, Copy, Story, failure, git_id, patch

BAD = "def price(item):\n    return TABLE[item]\n"
ABOVE = "TABLE = {}\n\n\n"


def fixed_and_committed(story: Story) -> tuple[Copy, Commit]:
    copy = story.copy()
    copy.commit("first")
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    return copy, copy.commit("fix")


def rewrites(copy: Copy, old: Commit, subject: str, before: str, after: str, *more: str) -> Commit:
    """History is rewritten: the branch now ends in one commit that does this."""
    files = {"shop/cart.py": after, **{path: "more\n" for path in more}}
    made = Commit(
        short_hash(subject, before, after),
        (copy.history[0].sha,),
        copy.story.now_ms,
        subject,
        (
            PathChange("shop/cart.py", git_id(before), git_id(after)),
            *(PathChange(path, "", git_id("more\n")) for path in more),
        ),
        patch({"shop/cart.py": before}, files),
    )
    done = GitOperation("rebase", old.sha, made.sha, "refs/heads/main", commits=(made,))
    copy.story.tell(copy, done)
    return made


async def test_a_squashed_fix_is_named_by_the_commit_that_took_it_in(
    story: Story, recaller: Recaller
) -> None:
    copy, was = fixed_and_committed(story)
    squashed = rewrites(copy, was, "all of May", BAD, FIXED + "\n\nMORE = 1\n", "docs/may.md")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.commit == squashed.sha
    assert remedy.label == f"{squashed.sha[:7]} all of May (was {was.sha[:7]})"
    assert remedy.paths == ("shop/cart.py",)


async def test_a_rebased_fix_is_found_by_its_surviving_lines(
    story: Story, recaller: Recaller
) -> None:
    """The new base changed the file above it, so no content is what it was."""
    copy, was = fixed_and_committed(story)
    rebased = rewrites(copy, was, "fix", ABOVE + BAD, ABOVE + FIXED)
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.label == f"{rebased.sha[:7]} fix (was {was.sha[:7]})"


async def test_a_fix_that_a_rebase_dropped_is_gone_and_its_diff_is_kept(
    story: Story, recaller: Recaller
) -> None:
    copy, was = fixed_and_committed(story)
    rewrites(copy, was, "something else", BAD, BAD + "MORE = 1\n")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.commit, remedy.label) == ("", "commit gone, diff kept")
    assert "TABLE.get" in remedy.diff


def on_a_branch(story: Story) -> tuple[Copy, Commit, Commit]:
    """The fix is on `topic` alone; HEAD is back on `main`, as the watcher tells it."""
    copy, fix = fixed_and_committed(story)
    main = copy.history[0]
    story.tell(copy, GitOperation("reset", fix.sha, main.sha, "refs/heads/main"))
    story.tell(copy, GitOperation("branch", "", fix.sha, "topic", "branch: created topic"))
    return copy, main, fix


def deleted(copy: Copy, old: Commit) -> None:
    copy.story.tell(copy, GitOperation("branch", old.sha, "", "topic", "branch: deleted topic"))


async def test_a_deleted_branch_lets_its_commits_go(story: Story, recaller: Recaller) -> None:
    copy, _, fix = on_a_branch(story)
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.commit == fix.sha, "the control"
    deleted(copy, fix)
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.commit, remedy.label) == ("", "commit gone, diff kept")
    assert "TABLE.get" in remedy.diff
    story.tell(copy, GitOperation("branch", "", fix.sha, "topic", "branch: created topic"))
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.commit == fix.sha, "brought back"


async def test_a_deleted_branch_that_was_merged_takes_nothing_away(
    story: Story, recaller: Recaller
) -> None:
    copy, main, fix = on_a_branch(story)
    story.tell(copy, GitOperation("merge", main.sha, fix.sha, "refs/heads/main"))
    deleted(copy, fix)
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.commit == fix.sha


async def test_a_branch_deleted_in_one_clone_is_still_held_by_another(
    story: Story, recaller: Recaller
) -> None:
    copy, _, fix = on_a_branch(story)
    other = story.copy("desk")
    story.tell(other, GitOperation("branch", "", fix.sha, "topic", "branch: created topic"))
    deleted(copy, fix)
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.commit == fix.sha


async def test_a_test_that_is_expected_to_fail_now_is_skipped_and_no_remedy(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.run("pytest", 0, (), TestReport(skipped=(TEST,), passed_count=2, skipped_count=1))
    found = await recaller.by_fingerprint("f1")
    assert found.remedies == ()
    assert "test skipped" in found.note


async def test_a_deselected_test_that_all_names_leave_out_is_a_note(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes("tests/test_cart.py::test_other", passed=1, deselected=1)
    found = await recaller.by_fingerprint("f1")
    assert found.remedies == ()
    assert "left out" in found.note


async def test_a_test_deleted_from_its_file_is_a_note(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("tests/test_cart.py", "def test_other():\n    assert True\n")
    copy.passes("tests/test_cart.py::test_other", passed=1)
    found = await recaller.by_fingerprint("f1")
    assert found.remedies == ()
    assert "removed, renamed or left out" in found.note
