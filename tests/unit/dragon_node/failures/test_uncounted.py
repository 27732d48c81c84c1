"""A runner that says nothing of the tests that pass: what its silence is worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.model.failure import Failure, TestReport
from dragon_node.failures.recall import Recaller
from tests.support.failures import Copy, Story, failure

GO = "go test ./..."
GOOD = "package cart\n\nfunc Add(a, b int) int { return a + b }\n"
BAD = "package cart\n\nfunc Add(a, b int) int { return a - b }\n"


def of_go(tool: str = "go") -> Failure:
    made = failure(test="example.com/shop/cart::TestAdd", files=("cart/cart.go",))
    return replace(made, tool=tool)


def red(copy: Copy, tool: str = "go") -> None:
    """Plain `go test` names what failed and counts nothing else."""
    copy.write("cart/cart.go", BAD)
    one = of_go(tool)
    copy.run(GO, 1, (one,), TestReport(failed=(one.test,), failed_count=1))


async def test_a_silent_pass_of_the_same_command_is_unproven_and_says_why(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    red(copy)
    copy.write("cart/cart.go", GOOD)
    copy.run(GO, 0, (), TestReport())
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.state, remedy.paths) == ("unproven", ("cart/cart.go",))
    assert remedy.why.endswith("; the same command ended well, but the run does not name its tests")
    red(copy)
    found = await recaller.last()
    assert "not been seen to pass" not in found.note
    assert story.cards() == []


async def test_a_silent_pass_with_nothing_changed_is_flaky(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    red(copy)
    copy.run(GO, 0, (), TestReport())
    assert (await recaller.by_fingerprint("f1")).flaky is not None


@pytest.mark.parametrize(
    ("command", "code", "tool"),
    [("go test ./other", 0, "go"), (GO, 1, "go"), (GO, 0, "unittest")],
)
async def test_another_command_a_red_one_or_a_run_of_no_test_shows_no_pass(
    story: Story, recaller: Recaller, command: str, code: int, tool: str
) -> None:
    """`Ran 0 tests: OK` of a runner that counts is no pass."""
    copy = story.copy()
    red(copy, tool)
    copy.write("cart/cart.go", GOOD)
    copy.run(command, code, (), TestReport())
    assert (await recaller.by_fingerprint("f1")).remedies == ()
