"""What a laptop is given to try a remedy again, and when it is told that there is not enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.errors import Missing
from common.model.event import CommandFinished, Event, Ground
from dragon_node.failures.material import Material
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, Copy, Story, failure, git_id, tree_of

BAD = "def price(item):\n    return TABEL[item]\n"


async def remedy_id(recaller: Recaller) -> str:
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    return remedy.id


def fail_and_fix(copy: Copy) -> Event:
    copy.commit("first")
    copy.write("shop/cart.py", BAD)
    failed = copy.fails(failure(), command="pytest -x")
    copy.write("shop/cart.py", FIXED)
    copy.write("README.md", "a better shop\n")
    copy.passes(command="pytest -x")
    return failed


def reground(story: Story, event: Event, **fields: object) -> None:
    """As if the run had been recorded like this."""
    assert isinstance(event.body, CommandFinished)
    body = replace(event.body, **fields)  # type: ignore[arg-type]
    story.records = [
        replace(r, body=replace(event, body=body)) if r.body == event else r for r in story.records
    ]


async def test_the_failing_tree_can_be_rebuilt_and_the_remedy_alone_is_given(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    found = await Material(story, recaller).of(await remedy_id(recaller))
    assert (found.command, found.cwd, found.root) == ("pytest -x", copy.path, copy.path)
    assert found.working_copy == copy.wc
    assert found.failure == failure()
    assert found.head == copy.history[-1].sha
    assert found.tree == tree_of({**copy.committed, "shop/cart.py": BAD})
    assert [(c.path, c.new_git) for c in found.dirty] == [("shop/cart.py", git_id(BAD))]
    assert [(c.path, c.new_git) for c in found.changes] == [("shop/cart.py", git_id(FIXED))]
    assert found.remedy.also_changed == ("README.md",)
    assert story.blobs[found.packages] == b"pytest==9\n"


async def test_a_file_made_executable_is_a_remedy_that_can_be_tried_again(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    copy.fails(failure())
    copy.executable.add("shop/cart.py")
    copy.write("README.md", "now it can be run\n")
    copy.passes()
    remedy = (await recaller.by_fingerprint("f1")).remedies[0]
    assert remedy.state == "observed"
    assert "mode is now 100755" in remedy.diff
    found = await Material(story, recaller).of(remedy.id)
    assert [(c.path, c.old_git == c.new_git, c.mode) for c in found.changes] == [
        ("shop/cart.py", True, "100755")
    ]


async def test_whether_a_mode_is_in_place_is_not_known_by_the_files_content(
    story: Story, recaller: Recaller
) -> None:
    """It came back with the file as it was, so nothing says that the remedy did not hold."""
    copy = story.copy()
    copy.commit("first")
    copy.fails(failure())
    copy.executable.add("shop/cart.py")
    copy.passes()
    copy.executable.clear()
    copy.fails(failure())
    (remedy,) = (await recaller.last()).remedies
    assert (remedy.state, remedy.commit) == ("observed", "")
    assert "did not hold" not in remedy.why


async def test_the_run_is_the_last_that_failed_so_and_none_in_between(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("README.md", "still trying\n")
    failed = copy.fails(failure())
    copy.fails(failure("f2", test="tests/test_cart.py::test_other"), command="pytest other")
    copy.run("git status")
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    found = await Material(story, recaller).of(await remedy_id(recaller))
    assert isinstance(failed.body, CommandFinished)
    assert failed.body.ground is not None
    assert found.tree == failed.body.ground.tree


async def test_a_clean_tree_is_one_that_was_looked_at(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    copy.commit("first")
    failed = copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    identity = await remedy_id(recaller)
    assert (await Material(story, recaller).of(identity)).dirty == ()
    reground(story, failed, recorder="")
    with pytest.raises(Missing, match="from before that was done"):
        await Material(story, recaller).of(identity)


@pytest.mark.parametrize("ground", [None, Ground(head="h")])
async def test_without_its_ground_nothing_can_be_tried(
    story: Story, recaller: Recaller, ground: Ground | None
) -> None:
    failed = fail_and_fix(story.copy())
    identity = await remedy_id(recaller)
    reground(story, failed, ground=ground)
    with pytest.raises(Missing, match="not recorded in full") as refused:
        await Material(story, recaller).of(identity)
    assert refused.value.hint


async def test_a_run_that_is_not_held_any_more_is_said(story: Story, recaller: Recaller) -> None:
    failed = fail_and_fix(story.copy())
    identity = await remedy_id(recaller)
    story.records = [r for r in story.records if r.body != failed]
    with pytest.raises(Missing, match="not held any more"):
        await Material(story, recaller).of(identity)


async def test_an_unknown_remedy_is_missing(story: Story, recaller: Recaller) -> None:
    with pytest.raises(Missing, match="no remedy nothing"):
        await Material(story, recaller).of("nothing")
