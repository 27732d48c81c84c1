"""What may be claimed when a failure names nothing but its own test: the law of imports."""

from __future__ import annotations

import pytest

from common.model.failure import Failure, TestReport
from dragon_node.failures.as_kept import failure_from_text, failure_to_text
from dragon_node.failures.recall import Recaller
from tests.support.failures import FIXED, TEST, Copy, Story, failure

F = "f1"
OTHER_TEST = "tests/test_other.py"


def asserted(
    imports: tuple[str, ...] = ("shop/cart.py",), reaches: tuple[str, ...] = ("shop/prices.py",)
) -> Failure:
    """A plain assertion: the test's own frame and no other."""
    return failure(files=("tests/test_cart.py",), imports=imports, reaches=reaches)


def shop(story: Story) -> Copy:
    """With a module that the cart imports and one that nothing imports."""
    copy = story.copy()
    copy.write("shop/prices.py", "TABLE = {}\n")
    copy.write("shop/stock.py", "STOCK = 1\n")
    copy.write(OTHER_TEST, "")
    copy.commit("first")
    return copy


async def test_a_file_that_the_failing_test_imports_is_the_observed_remedy(
    story: Story, recaller: Recaller
) -> None:
    copy = shop(story)
    copy.fails(asserted())
    copy.write("shop/cart.py", FIXED)
    made = copy.commit("unknown items cost nothing")
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.state, remedy.kind, remedy.paths) == ("observed", "code", ("shop/cart.py",))
    assert remedy.commit == made.sha
    assert remedy.why == (
        "the failing test imports shop/cart.py; it changed between the failing and the passing run"
    )
    copy.write("shop/cart.py", "")
    story.now_ms += 3_600_000
    copy.fails(asserted())
    assert [match for match, _ in story.cards()] == ["same"]


async def test_an_unrelated_change_stays_out_of_it_and_its_commit_is_never_named(
    story: Story, recaller: Recaller
) -> None:
    copy = shop(story)
    copy.fails(asserted())
    copy.write("shop/stock.py", "STOCK = 2\n")
    copy.commit("more stock")
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.paths, remedy.also_changed) == (("shop/cart.py",), ("shop/stock.py",))
    assert (remedy.commit, remedy.label) == ("", "uncommitted")
    assert "STOCK" not in remedy.diff


async def test_what_is_imported_through_others_counts_when_no_direct_import_changed(
    story: Story, recaller: Recaller
) -> None:
    copy = shop(story)
    copy.fails(asserted())
    copy.write("shop/prices.py", "TABLE = {'pear': 3}\n")
    copy.write("shop/stock.py", "STOCK = 2\n")
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.state, remedy.paths) == ("observed", ("shop/prices.py",))
    assert remedy.also_changed == ("shop/stock.py",)
    assert remedy.why == (
        "the failing test reaches shop/prices.py through its imports;"
        " it changed between the failing and the passing run"
    )


async def test_a_direct_import_goes_before_a_farther_one_which_is_mentioned(
    story: Story, recaller: Recaller
) -> None:
    copy = shop(story)
    copy.fails(asserted())
    copy.write("shop/cart.py", FIXED)
    copy.write("shop/prices.py", "TABLE = {'pear': 3}\n")
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.paths, remedy.also_changed) == (("shop/cart.py",), ("shop/prices.py",))
    assert remedy.why.endswith("so did shop/prices.py, which it reaches through them")


async def test_a_file_of_the_trace_goes_before_any_import(story: Story, recaller: Recaller) -> None:
    copy = shop(story)
    copy.fails(failure(imports=("shop/prices.py",)))
    copy.write("shop/cart.py", FIXED)
    copy.write("shop/prices.py", "TABLE = {'pear': 3}\n")
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.paths, remedy.also_changed) == (("shop/cart.py",), ("shop/prices.py",))
    assert "imports" not in remedy.why


async def test_a_change_outside_the_closure_alone_is_unexplained(
    story: Story, recaller: Recaller
) -> None:
    copy = shop(story)
    copy.fails(asserted())
    copy.write("shop/stock.py", "STOCK = 2\n")
    copy.passes()
    found = await recaller.by_fingerprint(F)
    assert found.remedies == ()
    assert found.note == "unexplained: shop/stock.py changed, which the failure does not name"


async def test_imports_prove_nothing_when_the_test_itself_changed(
    story: Story, recaller: Recaller
) -> None:
    """Even in a run that names it: what was expected may be all that changed."""
    copy = shop(story)
    copy.fails(asserted())
    copy.write("shop/cart.py", FIXED)
    copy.write("tests/test_cart.py", "def test_total():\n    assert total() == 4\n")
    copy.passes(TEST)
    found = await recaller.by_fingerprint(F)
    assert found.remedies == ()
    assert found.note == (
        "unexplained: the test's own file changed, and so did shop/cart.py,"
        " which the failure does not name"
    )


async def test_a_test_that_another_test_imports_is_no_remedy(
    story: Story, recaller: Recaller
) -> None:
    copy = shop(story)
    copy.fails(asserted(imports=(OTHER_TEST,)))
    copy.write(OTHER_TEST, "EXPECTED = 4\n")
    copy.passes()
    assert (await recaller.by_fingerprint(F)).remedies == ()


async def test_imports_are_not_used_when_the_environment_changed_too(
    story: Story, recaller: Recaller
) -> None:
    copy = shop(story)
    copy.fails(asserted())
    copy.write("shop/cart.py", FIXED)
    copy.packages = "pytest==10\n"
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.state, remedy.kind, remedy.paths) == ("ambiguous", "dependency", ())
    assert (remedy.commit, remedy.also_changed) == ("", ("shop/cart.py",))


async def test_a_conftest_is_of_the_tests_and_no_remedy(story: Story, recaller: Recaller) -> None:
    copy = shop(story)
    copy.fails(asserted(imports=("shop/cart.py", "conftest.py")))
    copy.write("conftest.py", FIXED)
    copy.passes()
    assert (await recaller.by_fingerprint(F)).remedies == ()


async def test_beside_a_conftest_the_code_is_the_remedy(story: Story, recaller: Recaller) -> None:
    copy = shop(story)
    copy.fails(asserted(imports=("shop/cart.py", "conftest.py")))
    for path in ("conftest.py", "shop/cart.py"):
        copy.write(path, FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.paths == ("shop/cart.py",)
    assert "conftest.py" in remedy.why


async def test_a_ground_that_does_not_name_all_that_changed_proves_nothing(
    story: Story, recaller: Recaller
) -> None:
    """The hunks that are named may be those that did not do it."""
    copy = shop(story)
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.write("shop/stock.py", "STOCK = 2\n")
    copy.unnamed = 1
    copy.passes()
    found = await recaller.by_fingerprint(F)
    assert found.remedies == ()
    assert found.note.startswith("unexplained: what changed between the two runs was not recorded")


@pytest.mark.parametrize(("edited", "state"), [(True, "unproven"), (False, "observed")])
async def test_a_failure_in_between_that_does_not_say_how_leaves_the_rest_unproven(
    story: Story, recaller: Recaller, edited: bool, state: str
) -> None:
    """With --tb=no: had nothing changed until then, nothing would be lost."""
    copy = shop(story)
    copy.fails(failure())
    if edited:
        copy.write("shop/cart.py", "def price(item):\n    return 1\n")
    copy.run("pytest --tb=no", 1, (), TestReport(failed=(TEST,), passed_count=2, failed_count=1))
    assert (await recaller.by_fingerprint(F)).remedies == ()
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.state == state
    assert ("does not say how" in remedy.why) == edited


async def test_a_failure_that_says_how_again_starts_anew(story: Story, recaller: Recaller) -> None:
    copy = shop(story)
    copy.fails(failure())
    copy.write("shop/cart.py", "def price(item):\n    return 1\n")
    copy.run("pytest --tb=no", 1, (), TestReport(failed=(TEST,), passed_count=2, failed_count=1))
    copy.write("shop/cart.py", "def price(item):\n    return 2\n")
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.state == "observed"


def test_a_failure_is_kept_with_its_imports() -> None:
    kept = asserted()
    assert failure_from_text(failure_to_text(kept)) == kept
