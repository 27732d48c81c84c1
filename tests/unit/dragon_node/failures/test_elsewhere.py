"""What was made to pass from outside the project, and by taking something back."""

from __future__ import annotations

from dataclasses import replace

from common.model.event import FileChanged
from common.model.failure import Failure, Frame
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, Story, failure

BAD = "def price(item):\n    return TABLE[item]\n"


def through(path: str) -> Failure:
    """A failure whose trace leads out of the working copy."""
    known = failure()
    return replace(known, frames=(*known.frames, Frame(path, "g", 7, False)))


async def test_a_fix_in_another_repository_names_it_and_its_commit(
    story: Story, recaller: Recaller
) -> None:
    copy, library = story.copy("app"), story.copy("pricing", "pricing")
    copy.fails(through("/home/me/pricing/pricing/table.py"))
    made = library.commit("fix")
    copy.passes()
    found = await recaller.by_fingerprint("f1")
    assert found.note == f"outside this project: pricing at {made.sha[:7]}"
    assert (found.remedies, found.flaky) == ((), None)


async def test_it_is_named_too_when_something_unrelated_changed_here(
    story: Story, recaller: Recaller
) -> None:
    copy, library = story.copy("app"), story.copy("pricing", "pricing")
    copy.fails(through("../pricing/table.py"))
    story.tell(library, FileChanged("table.py", head="abcdef0123", dirty=True))
    copy.write("README.md", "other\n")
    copy.passes()
    note = (await recaller.by_fingerprint("f1")).note
    assert note == "outside this project: pricing at abcdef0, uncommitted"


async def test_another_repository_that_the_trace_does_not_lead_to_is_not_blamed(
    story: Story, recaller: Recaller
) -> None:
    copy, library = story.copy("app"), story.copy("pricing", "pricing")
    copy.fails(failure())
    library.commit("fix")
    copy.passes()
    assert (await recaller.by_fingerprint("f1")).flaky is not None


async def test_one_that_did_not_change_since_is_not_blamed(
    story: Story, recaller: Recaller
) -> None:
    copy, library = story.copy("app"), story.copy("pricing", "pricing")
    library.commit("before")
    copy.fails(through("/home/me/pricing/table.py"))
    copy.passes()
    assert (await recaller.by_fingerprint("f1")).flaky is not None


async def test_where_nobody_watched_nothing_here_changed_is_all_that_is_said(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy("app")
    copy.fails(through("/home/me/secret/table.py"))
    copy.passes()
    found = await recaller.by_fingerprint("f1")
    assert found.note.startswith("unexplained: nothing here changed")
    assert (found.remedies, found.flaky) == ((), None)


async def test_a_library_that_is_installed_is_not_somewhere_else(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy("app")
    copy.fails(through("/home/me/venv/lib/python3.11/site-packages/foo/bar.py"))
    copy.passes()
    assert (await recaller.by_fingerprint("f1")).flaky is not None


async def test_a_feature_that_was_taken_back_is_named_as_reverted(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.write("shop/cart.py", FIXED)
    copy.commit("first")
    copy.write("shop/cart.py", BAD)
    feature = copy.commit("a faster table")
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    by = f"made to pass by reverting {feature.sha[:7]} a faster table"
    assert (remedy.commit, remedy.label) == ("", f"uncommitted, {by}")
    undo = copy.commit('Revert "a faster table"', verb="revert")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    name = f'{undo.sha[:7]} Revert "a faster table"'
    assert (remedy.commit, remedy.label) == (undo.sha, f"{name} ({by})")


async def test_a_commit_that_git_revert_did_not_make_only_takes_back_what_another_did(
    story: Story, recaller: Recaller
) -> None:
    """And what else there is to say of it stands in the same brackets."""
    copy = story.copy()
    copy.write("shop/cart.py", FIXED)
    copy.commit("first")
    copy.write("shop/cart.py", BAD)
    feature = copy.commit("a faster table")
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    made = copy.commit("a table that holds all again")
    copy.write("shop/cart.py", BAD)
    undo = copy.commit('Revert "a table that holds all again"', verb="revert")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.label == (
        f"{made.sha[:7]} a table that holds all again (takes back {feature.sha[:7]} a faster table;"
        f" reverted by {undo.sha[:7]})"
    )


async def test_lines_that_moved_are_no_inverse_of_another_move(
    story: Story, recaller: Recaller
) -> None:
    moved, rest = "VALUES = {}\n", [f"TABLE_{n} = {{}}\n" for n in range(6)]
    copy = story.copy()
    copy.write("shop/cart.py", moved + "".join(rest))
    copy.commit("first")
    copy.write("shop/cart.py", "".join(rest[:3]) + moved + "".join(rest[3:]))
    copy.commit("tidy")
    copy.fails(failure())
    copy.write("shop/cart.py", "".join(rest) + moved)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.label == "uncommitted"


async def test_a_part_of_a_feature_that_was_taken_back_after_further_edits_is_found_by_its_lines(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.write("shop/cart.py", FIXED)
    copy.commit("first")
    copy.write("shop/cart.py", BAD)
    copy.write("README.md", "faster\n")
    feature = copy.commit("a faster table")
    copy.write("shop/cart.py", BAD + "\n\ndef more():\n    return 1\n")
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED + "\n\ndef more():\n    return 1\n")
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.label.endswith(f"by reverting part of {feature.sha[:7]} a faster table")
