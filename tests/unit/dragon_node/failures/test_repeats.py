"""One change that was made more than once is one remedy."""

from __future__ import annotations

from dragon_node.failures.recall import Recaller
from dragon_node.lake.records import Note
from tests.support.failures import FIXED, Copy, Story, failure

BAD = "def price(item):\n    return TABLE[item]\n"


def fail_and_fix(copy: Copy, values: str = "v1") -> None:
    copy.write("shop/cart.py", BAD)
    copy.fails(failure(values=values))
    copy.write("shop/cart.py", FIXED)
    copy.passes()


async def test_an_uncommitted_undo_and_a_commit_alike_are_one_remedy_with_the_commit(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    made = copy.commit("fix")
    for _ in range(6):
        fail_and_fix(copy)
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.commit == made.sha


async def test_an_undo_before_the_commit_is_one_remedy_with_it_too(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.write("shop/cart.py", FIXED)
    copy.commit("first")
    fail_and_fix(copy)
    copy.write("shop/cart.py", BAD)
    copy.commit("break")
    fail_and_fix(copy)
    made = copy.commit("fix")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.commit == made.sha


async def test_a_rejected_change_stays_rejected_when_it_is_made_again(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    story.accept(Note("feedback", {"remedy_id": remedy.id, "verdict": "rejected"}))
    fail_and_fix(copy)
    (again,) = (await recaller.by_fingerprint("f1")).remedies
    assert again.state == "rejected"


async def test_one_change_is_counted_once_on_a_card(story: Story) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    fail_and_fix(copy)
    story.copy("desktop").fails(failure())
    assert story.cards()[-1] == ("same", "the same symptom was seen before and passed later")


async def test_equal_diffs_of_files_that_differ_elsewhere_are_one_remedy(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    for tail in ("# one", "# two"):
        far = "\n" * 20 + tail
        copy.write("shop/cart.py", BAD + far)
        copy.fails(failure())
        copy.write("shop/cart.py", FIXED + far)
        copy.passes()
    assert len((await recaller.by_fingerprint("f1")).remedies) == 1
