"""A run that fails while files change: its ground is known where it was recorded in full."""

from __future__ import annotations

import pytest

from common.model.event import PathChange
from common.model.failure import TestReport
from dragon_node.failures.changes import compose, inverse
from dragon_node.failures.recall import Recaller
from tests.support.failures import TEST, Copy, Story, failure

GOOD = "def price(item):\n    return TABLE.get(item, 0)\n"
BAD = "def price(item):\n    return TABLE[item]\n"
BETTER = "def price(item):\n    return TABLE.get(item, None)\n"
BREAKS = "sed -i s/get/item/ shop/cart.py; pytest"


def breaks_and_fails(
    story: Story, *, path: str = "shop/cart.py", text: str = BAD, command: str = BREAKS
) -> Copy:
    """The command writes a file and then fails."""
    copy = story.copy()
    copy.write("shop/cart.py", GOOD)
    copy.commit("first")
    before = copy.files.get(path)
    copy.write(path, text)
    left = copy.tree
    if before is None:
        del copy.files[path]
    else:
        copy.write(path, before)
    copy.run(command, 1, (failure(),), tree_after=left)
    copy.write(path, text)
    return copy


async def test_a_pass_on_the_files_that_the_failing_command_found_is_not_flaky(
    story: Story, recaller: Recaller
) -> None:
    copy = breaks_and_fails(story)
    copy.write("shop/cart.py", GOOD)
    copy.passes("tests/test_cart.py::test_total", command="pytest -v")
    found = await recaller.by_fingerprint("f1")
    assert (found.flaky, found.remedies) == (None, ())
    assert found.note == "unexplained: files changed while the failing run was under way"


async def test_what_was_not_recorded_of_the_failing_ground_makes_no_remedy(
    story: Story, recaller: Recaller
) -> None:
    """The diff from the files that it found would show lines that never failed."""
    copy = breaks_and_fails(story)
    copy.write("shop/cart.py", BETTER)
    copy.passes("tests/test_cart.py::test_total", command="pytest -v")
    found = await recaller.by_fingerprint("f1")
    assert found.remedies == ()
    assert found.note == "unexplained: files changed while the failing run was under way"


async def test_a_recorded_ground_gives_the_true_diff_and_says_that_it_is_less_sure(
    story: Story, recaller: Recaller
) -> None:
    copy = breaks_and_fails(story)
    copy.run("ls")
    copy.write("shop/cart.py", BETTER)
    copy.passes("tests/test_cart.py::test_total", command="pytest -v")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.state == "unproven"
    assert remedy.why.endswith(
        "files changed while the failing run was under way (shop/cart.py), so it is not known on "
        "which it failed"
    )
    assert "-    return TABLE[item]" in remedy.diff
    assert "+    return TABLE.get(item, None)" in remedy.diff


async def test_a_file_that_has_nothing_to_do_with_it_takes_nothing_away(
    story: Story, recaller: Recaller
) -> None:
    copy = breaks_and_fails(story, path="report.xml", text="<failed/>\n")
    copy.run("ls")
    copy.write("shop/cart.py", BETTER)
    copy.passes("tests/test_cart.py::test_total", command="pytest -v")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.state, remedy.paths, remedy.also_changed) == ("observed", ("shop/cart.py",), ())


async def test_what_runs_leave_behind_is_no_change(story: Story, recaller: Recaller) -> None:
    compiled = "shop/__pycache__/cart.pyc"
    copy = breaks_and_fails(story, path=compiled, text="compiled", command="pytest -v")
    copy.passes("tests/test_cart.py::test_total", command="pytest -v")
    assert (await recaller.by_fingerprint("f1")).flaky is not None


def edited_while_it_passes(
    story: Story, path: str = "shop/cart.py", text: str = BETTER, named: bool = True
) -> Copy:
    """Only a comment is new when the passing run begins; the rest is saved while it runs."""
    copy = story.copy()
    copy.commit("first")
    copy.fails(failure(), command="pytest -v")
    copy.write("shop/cart.py", BAD + "# innocent\n")
    before = dict(copy.files)
    copy.write(path, text)
    left = copy.tree
    copy.files = before
    report = TestReport(passed=(TEST,) if named else (), passed_count=3)
    copy.run("pytest -v", 0, (), report, tree_after=left)
    copy.write(path, text)
    return copy


@pytest.mark.parametrize("named", [True, False])
async def test_what_was_saved_while_it_passed_takes_the_claim_from_what_came_before(
    story: Story, recaller: Recaller, named: bool
) -> None:
    copy = edited_while_it_passes(story, named=named)
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.state == "unproven"
    assert remedy.why.endswith(
        "files changed while the passing run was under way, and which is not known"
    )
    copy.run("ls")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.state == "unproven"
    assert remedy.why.endswith(
        "files changed while the passing run was under way (shop/cart.py), so it is not known on "
        "which it passed"
    )
    copy.write("shop/cart.py", BAD)
    copy.fails(failure())
    assert story.cards() == [], "what is unproven is not offered unasked"


async def test_a_report_that_the_passing_run_wrote_takes_nothing_away_once_it_is_known(
    story: Story, recaller: Recaller
) -> None:
    copy = edited_while_it_passes(story, "report.xml", "<passed/>\n")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert remedy.state == "unproven"
    copy.run("ls")
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.state, "under way" in remedy.why) == ("observed", False)


async def test_a_package_is_not_the_remedy_where_code_was_saved_while_it_passed(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.packages = "foo==1.3\n"
    before = copy.files["shop/cart.py"]
    copy.write("shop/cart.py", BETTER)
    left = copy.tree
    copy.write("shop/cart.py", before)
    copy.run("pytest", 0, (), TestReport(passed_count=3), tree_after=left)
    (remedy,) = (await recaller.by_fingerprint("f1")).remedies
    assert (remedy.kind, remedy.state) == ("dependency", "unproven")


def test_the_inverse_of_changes_and_the_changes_come_to_nothing() -> None:
    changes = (
        PathChange("a", "1", "2"),
        PathChange("b", "", "3"),
        PathChange("c", "4", ""),
        PathChange("d", "5", "5", mode="100755"),
    )
    assert compose([changes, inverse(changes)]) == ()
    assert compose([inverse(changes), changes]) == ()
