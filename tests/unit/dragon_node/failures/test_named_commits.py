"""The commit that a remedy names, when the fix was committed, amended, pulled or taken back."""

from __future__ import annotations

from common.model.event import Commit, GitOperation, PathChange
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, Story, fail_and_fix, failure, git_id

F = "f1"


async def test_a_fix_committed_after_the_pass_is_named_by_its_commit(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    made = copy.commit("price: unknown items cost nothing")
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == made.sha
    assert remedy.label == f"{made.sha[:7]} price: unknown items cost nothing"


async def test_a_fix_committed_before_the_pass_is_named_by_its_commit(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    made = copy.commit("fix")
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == made.sha


async def test_an_unrelated_commit_between_failure_and_fix_is_not_the_remedy(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    copy.fails(failure())
    copy.write("README.md", "a better shop\n")
    unrelated = copy.commit("readme", "README.md")
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    made = copy.commit("fix")
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == made.sha != unrelated.sha
    assert remedy.also_changed == ("README.md",)
    assert "README" not in remedy.diff


async def test_an_unrelated_commit_to_another_frames_file_makes_no_single_commit_the_label(
    story: Story, recaller: Recaller
) -> None:
    """Both files are in the trace: which commit did it cannot be told, so none is named alone."""
    copy = story.copy()
    copy.write("shop/prices.py", "A = 1\n")
    copy.commit("first")
    copy.fails(failure(files=("shop/cart.py", "shop/prices.py")))
    copy.write("shop/prices.py", "A = 2\n")
    copy.commit("prices of May", "shop/prices.py")
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == ""
    assert remedy.label.startswith("partly uncommitted")
    copy.commit("fix")
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == ""
    assert remedy.label.startswith("in 2 commits")


async def test_an_amended_commit_is_named_by_what_it_became(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    was = copy.commit("fx")
    now = copy.commit("fix", verb="amend")
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == now.sha
    assert remedy.label == f"{now.sha[:7]} fix (was {was.sha[:7]})"


async def test_a_commit_that_was_reset_away_is_gone_and_its_diff_is_kept(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    copy.commit("fix")
    copy.reset()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.commit, remedy.label) == ("", "commit gone, diff kept")
    assert "TABLE.get" in remedy.diff


async def test_a_commit_gone_here_and_held_by_another_clone_is_not_gone(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    made = copy.commit("fix")
    story.copy("desktop").receive(copy)
    copy.reset()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == made.sha


async def test_a_fix_edited_further_before_its_commit_is_found_by_its_lines(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    copy.write("shop/cart.py", FIXED + "\n\ndef more():\n    return 1\n")
    made = copy.commit("fix and more")
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == made.sha


async def test_a_commit_from_before_the_failure_is_never_the_label(
    story: Story, recaller: Recaller
) -> None:
    """Broken and mended between commits: the file is as HEAD has it, nothing is to commit."""
    copy = story.copy()
    head = copy.commit("first")
    good = copy.files["shop/cart.py"]
    copy.write("shop/cart.py", "def price(item):\n    return TABEL[item]\n")
    copy.fails(failure())
    copy.write("shop/cart.py", good)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == ""
    assert remedy.label == f"an uncommitted edit undone, back to {head.sha[:7]} first"


async def test_an_old_commit_that_is_pulled_later_is_not_the_label(
    story: Story, recaller: Recaller
) -> None:
    """It was made elsewhere before the failure, and nobody here had heard of it."""
    copy = story.copy()
    copy.commit("first")
    long_ago = story.now_ms
    fail_and_fix(copy)
    path = PathChange("shop/cart.py", "x", git_id(FIXED))
    old = Commit("0" * 40, (), long_ago, "old", (path,))
    story.tell(copy, GitOperation("pull", copy.history[-1].sha, old.sha, "main", commits=(old,)))
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.commit, remedy.label) == ("", "uncommitted")


async def test_a_reverted_fix_says_so(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    copy.commit("first")
    bad = copy.files["shop/cart.py"]
    fail_and_fix(copy)
    made = copy.commit("fix")
    copy.write("shop/cart.py", bad)
    undo = copy.commit('Revert "fix"', verb="revert")
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.commit == made.sha
    assert remedy.label.endswith(f"(reverted by {undo.sha[:7]})")
