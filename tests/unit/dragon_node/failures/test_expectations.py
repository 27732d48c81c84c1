"""A changed assertion is no remedy, in whatever language it was written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.model.ids import Fingerprint
from dragon_node.failures.recall import Recaller
from tests.support.failures import Story, failure

F = Fingerprint("f1")


@pytest.mark.parametrize(
    ("tool", "test", "own"),
    [
        ("go", "example.com/shop/cart::TestTwoApples", "cart/cart_test.go"),
        ("gradle", "shop.CartTest::twoApples", "src/test/java/shop/CartTest.java"),
        ("cargo", "checkout tests/checkout.rs::checks_out", "tests/checkout.rs"),
        ("node --test", "adds three", "shop.test.js"),
        ("pytest", "tests/test_cart.py::test_total", "tests/helpers.py"),
    ],
)
@pytest.mark.parametrize("too", [False, True])
async def test_a_changed_assertion_is_told_from_a_fix(
    story: Story, recaller: Recaller, tool: str, test: str, own: str, too: bool
) -> None:
    copy = story.copy()
    copy.fails(replace(failure(test=test, files=("src/cart", own)), tool=tool))
    copy.write(own, "expected = 6\n")
    if too:
        copy.write("src/cart", "# a comment\n")
    copy.passes(test)
    found = (await recaller.by_fingerprint(F)).remedies
    assert [r.state for r in found] == (["ambiguous"] if too else [])
    ((state,),) = story.db.execute("SELECT state FROM episodes")
    assert state == ("ambiguous" if too else "expectation changed")


async def test_rusts_tests_in_the_same_file_leave_it_unproven(
    story: Story, recaller: Recaller
) -> None:
    test = "shop src/lib.rs::cart::tests::two_apples"
    copy = story.copy()
    copy.fails(replace(failure(test=test, files=("src/cart.rs",)), tool="cargo"))
    copy.write("src/cart.rs", "pub fn price() {}\n")
    copy.passes(test)
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.state == "unproven"
    assert "its own tests stand in the same file" in remedy.why
