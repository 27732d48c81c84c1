"""A test that was renamed is known by its past, by evidence, and called similar."""

from __future__ import annotations

from dataclasses import replace

from common.fingerprint import identity
from common.model.failure import Failure, Frame
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, Copy, Story, failure

BAD = "def price(item):\n    return TABLE[item]\n"
OLD, NEW = "tests/test_cart.py", "tests/test_basket.py"
BODY = "from shop.cart import total\n\n\ndef test_total():\n    assert total() == 3\n"


def real(path: str = OLD, function: str = "test_total", source: str = "shop/cart.py") -> Failure:
    """With the identity that its frames give it."""
    frames = (Frame(path, function, 3, True), Frame(source, "price", 2, True))
    made = identity("pytest", "KeyError", ("'pear'",), frames)
    named = failure(made.fingerprint, made.values, f"{path}::{function}")
    return replace(named, frames=frames, normalised=made.normalised, headlines=("'pear'",))


def lived(story: Story) -> Copy:
    """It failed and was fixed under its old name."""
    copy = story.copy()
    copy.write(OLD, BODY)
    copy.fails(real())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    copy.write("shop/cart.py", BAD)
    return copy


def moved(copy: Copy, old: str, new: str) -> None:
    copy.write(new, copy.files.pop(old))


async def test_a_test_whose_file_was_renamed_is_similar_and_says_from_what(
    story: Story, recaller: Recaller
) -> None:
    copy = lived(story)
    moved(copy, OLD, NEW)
    copy.fails(real(NEW))
    for found in (await recaller.last(), await recaller.by_failure(real(NEW))):
        assert found.match == "similar"
        assert found.note == f"similar, renamed from {OLD}::test_total"
        assert found.failure == real(NEW)
        assert [r.paths for r in found.remedies] == [("shop/cart.py",)]
    assert story.cards() == [], "similar is not offered unasked"


async def test_a_file_that_was_renamed_and_edited_is_known_by_its_lines(
    story: Story, recaller: Recaller
) -> None:
    copy = lived(story)
    moved(copy, OLD, NEW)
    copy.write(NEW, BODY + "\n\ndef test_more():\n    assert total()\n")
    copy.fails(real(NEW))
    assert (await recaller.last()).note == f"similar, renamed from {OLD}::test_total"


async def test_a_test_whose_name_changed_in_its_file_is_similar(
    story: Story, recaller: Recaller
) -> None:
    copy = lived(story)
    copy.write(OLD, BODY.replace("test_total", "test_sum"))
    copy.fails(real(function="test_sum"))
    assert (await recaller.last()).note == f"similar, renamed from {OLD}::test_total"


async def test_a_source_file_that_was_renamed_is_followed_too(
    story: Story, recaller: Recaller
) -> None:
    copy = lived(story)
    moved(copy, "shop/cart.py", "shop/basket.py")
    copy.fails(real(source="shop/basket.py"))
    assert (await recaller.last()).match == "similar"


async def test_without_evidence_nothing_is_called_renamed(story: Story, recaller: Recaller) -> None:
    """Another test with the same message: the old file is still there, or went for another one."""
    copy = lived(story)
    copy.write(NEW, BODY)
    copy.fails(real(NEW))
    assert (await recaller.last()).remedies == ()
    other = story.copy("other")
    other.run("ls")
    del other.files[OLD]
    other.write("tests/test_else.py", "import os\n\n\ndef test_total():\n    os.stat('pear')\n")
    other.fails(real("tests/test_else.py"))
    assert (await recaller.last()).remedies == ()


async def test_another_package_of_the_repository_is_similar_when_no_file_is_named(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    broken = replace(failure(test="", files=()), tool="npm", code="ENOENT")
    copy.path += "/packages/a"
    copy.fails(broken, command="npm test")
    copy.variables = "NODE_ENV=1\n"
    copy.passes(command="npm test")
    copy.path = copy.path.replace("packages/a", "packages/b")
    copy.fails(broken, command="npm test")
    found = await recaller.last()
    assert found.match == "similar"
    (remedy,) = found.remedies
    assert remedy.why.startswith("similar, in packages/a of the same repository: ")
    assert story.cards() == []


async def test_the_same_package_in_another_clone_is_the_same(
    story: Story, recaller: Recaller
) -> None:
    broken = replace(failure(test="", files=()), tool="npm", code="ENOENT")
    for name in ("one", "two"):
        copy = story.copy(name)
        copy.path += "/packages/a"
        copy.fails(broken, command="npm test")
        copy.variables = "NODE_ENV=1\n"
        copy.passes(command="npm test")
    assert (await recaller.last()).match == "same"
    assert len(story.cards()) == 1
