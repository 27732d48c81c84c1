"""A remedy is in place when its hunks are, whatever else became of its file."""

from __future__ import annotations

import pytest

from dragon_node.failures.present import _stands
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, Copy, Story, failure, git_id

BAD = "def price(item):\n    return TABLE[item]\n"
MORE = "\n\ndef count(items):\n    return len(items)\n"
OTHER = "tests/test_cart.py::test_other"
HELD = "already in place here: it did not hold here; "
DOUBT = "; whether it was in place here when it failed is not known"


def fixed(story: Story) -> Copy:
    copy = story.copy()
    copy.commit("first")
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    copy.commit("fix")
    return copy


async def why_after(recaller: Recaller, copy: Copy, text: str, **failed: str) -> str:
    copy.write("shop/cart.py", text)
    copy.commit("more")
    copy.fails(failure(**failed))
    (remedy,) = (await recaller.last()).remedies
    return remedy.why


async def test_hunks_that_are_in_a_file_that_grew_did_not_hold(
    story: Story, recaller: Recaller
) -> None:
    assert (await why_after(recaller, fixed(story), FIXED + MORE)).startswith(HELD)


async def test_hunks_that_were_taken_out_of_a_file_that_grew_are_offered(
    story: Story, recaller: Recaller
) -> None:
    why = await why_after(recaller, fixed(story), BAD + MORE)
    assert ("already" in why, why.endswith(DOUBT)) == (False, False)


async def test_for_another_test_it_is_another_cause(story: Story, recaller: Recaller) -> None:
    why = await why_after(recaller, fixed(story), FIXED + MORE, test=OTHER)
    assert why.startswith("already in place here: the cause is another one; ")


@pytest.mark.parametrize("rewritten", [True, False])
async def test_what_cannot_be_compared_is_said_not_to_be_known(
    story: Story, recaller: Recaller, rewritten: bool
) -> None:
    text = "def price(item, default):\n    pass\n" if rewritten else FIXED + MORE
    copy = fixed(story)
    if not rewritten:
        content = copy._blob(text)
        copy.write("shop/cart.py", text)
        copy.fails(failure())
        del story.blobs[content]
        (remedy,) = (await recaller.last()).remedies
        why = remedy.why
    else:
        why = await why_after(recaller, copy, text)
    assert why.endswith(DOUBT)
    assert git_id(text) != git_id(FIXED)


async def test_a_remedy_that_came_after_the_failure_is_not_asked_about(
    story: Story, recaller: Recaller
) -> None:
    fixed(story)
    (remedy,) = (await recaller.last()).remedies
    assert ("already" in remedy.why, remedy.why.endswith(DOUBT)) == (False, False)


@pytest.mark.parametrize(
    ("old", "new", "now", "stands"),
    [
        ("a b c", "a x c", "z a x c y", True),
        ("a b c", "a x c", "z a b c y", False),
        ("a b c", "a x c", "a x c a b c", None),
        ("a b c", "a x c", "a q c", None),
        ("a b", "b a", "n b a", True),
        ("a b c d e", "a x c y e", "a x c d e", False),
        ("b c", "a b c", "# a b c", True),
        ("b c", "a b c", "b c d", False),
        ("a c", "a b c", "a c n b", False),
    ],
)
def test_a_hunk_is_looked_for_with_the_lines_around_it(
    old: str, new: str, now: str, stands: bool | None
) -> None:
    """The last: the line that it adds stands somewhere else, for another reason."""
    assert _stands(old.split(), new.split(), now.split()) is stands
