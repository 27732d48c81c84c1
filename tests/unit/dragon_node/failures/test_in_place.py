"""A remedy that was there already when it failed is not offered, where that is known."""

from __future__ import annotations

import pytest

from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, Copy, Story, failure

BAD = "def price(item):\n    return TABLE[item]\n"


def fixed_on_the_laptop(story: Story) -> Copy:
    copy = story.copy("laptop")
    copy.commit("first")
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    copy.commit("fix")
    return copy


def clone(story: Story, of: Copy) -> Copy:
    copy = story.copy("desktop")
    copy.receive(of)
    return copy


@pytest.mark.parametrize("ran_before", [True, False])
async def test_other_values_with_the_fix_in_place_get_no_card_and_are_told_so(
    story: Story, recaller: Recaller, ran_before: bool
) -> None:
    other = clone(story, fixed_on_the_laptop(story))
    if ran_before:
        other.passes()
    other.write("README.md", "broken elsewhere\n")
    other.fails(failure(values="v2"))
    assert story.cards() == []
    (remedy,) = (await recaller.last()).remedies
    assert remedy.why.startswith("already in " + ("place" if ran_before else "HEAD") + " here: ")
    assert "the cause is another one" in remedy.why


async def test_equal_values_with_the_fix_in_place_did_not_hold_here(
    story: Story, recaller: Recaller
) -> None:
    other = clone(story, fixed_on_the_laptop(story))
    other.passes()
    other.write("README.md", "broken elsewhere\n")
    other.fails(failure())
    assert story.cards() == []
    (remedy,) = (await recaller.last()).remedies
    assert remedy.why.startswith("already in place here: it did not hold here")


async def test_a_fix_that_a_run_saw_arrive_is_in_place(story: Story) -> None:
    laptop, other = story.copy("laptop"), story.copy("desktop")
    laptop.fails(failure())
    other.run("ls")
    laptop.write("shop/cart.py", FIXED)
    laptop.passes()
    other.write("shop/cart.py", FIXED)
    other.write("README.md", "broken elsewhere\n")
    other.fails(failure(values="v2"))
    assert story.cards() == []


@pytest.mark.parametrize("ran_before", [True, False])
async def test_the_exact_failure_gets_its_card_when_the_fix_was_undone_on_disk(
    story: Story, recaller: Recaller, ran_before: bool
) -> None:
    other = clone(story, fixed_on_the_laptop(story))
    if ran_before:
        other.passes()
    other.write("shop/cart.py", BAD)
    other.fails(failure())
    assert [match for match, _ in story.cards()] == ["same"]
    (remedy,) = (await recaller.last()).remedies
    assert "already" not in remedy.why


async def test_a_fix_that_was_reverted_is_not_in_place(story: Story) -> None:
    laptop = fixed_on_the_laptop(story)
    laptop.write("shop/cart.py", BAD)
    laptop.commit("undo", verb="revert")
    clone(story, laptop).fails(failure(values="v2"))
    assert len(story.cards()) == 1


async def test_where_nothing_is_known_the_remedy_is_offered(
    story: Story, recaller: Recaller
) -> None:
    laptop = story.copy("laptop")
    laptop.fails(failure())
    laptop.write("shop/cart.py", FIXED)
    laptop.passes()
    other = story.copy("desktop")
    other.write("shop/cart.py", FIXED)
    other.write("README.md", "never seen before\n")
    other.fails(failure(values="v2"))
    assert len(story.cards()) == 1
    (remedy,) = (await recaller.last()).remedies
    assert "already" not in remedy.why


async def test_what_is_in_place_goes_last(story: Story, recaller: Recaller) -> None:
    laptop = fixed_on_the_laptop(story)
    laptop.write("shop/cart.py", FIXED + "TABLE = None\n")
    laptop.fails(failure(values="v2"))
    laptop.write("shop/cart.py", FIXED + "TABLE = {}\n")
    laptop.passes()
    other = clone(story, laptop)
    other.passes()
    other.write("README.md", "broken elsewhere\n")
    other.fails(failure())
    remedies = (await recaller.last()).remedies
    assert ["already" in r.why for r in remedies] == [False, True]


async def test_where_the_command_itself_changed_files_nothing_is_known_to_be_in_place(
    story: Story, recaller: Recaller
) -> None:
    """`sed -i ... cart.py; pytest` fails on the files that it leaves, not on those it found."""
    laptop = fixed_on_the_laptop(story)
    fixed = laptop.tree
    laptop.write("shop/cart.py", BAD)
    broken = laptop.tree
    laptop.write("shop/cart.py", FIXED)
    assert laptop.tree == fixed
    command = "sed -i s/get/item/ shop/cart.py; pytest"
    laptop.run(command, 1, (failure(),), tree_after=broken)
    assert len(story.cards()) == 1
    (remedy,) = (await recaller.last()).remedies
    assert (remedy.state, "already" in remedy.why) == ("observed", False), "not contradicted"
    laptop.write("shop/cart.py", BAD)
    laptop.run("ls")
    (remedy,) = (await recaller.last()).remedies
    assert (remedy.state, "already" in remedy.why) == ("observed", False)
