"""What may be claimed about a failure and the run that passed after it."""

from __future__ import annotations

import pytest

from common.model.failure import TestReport
from dragon_node.failures.recall import Recaller
from dragon_node.lake.records import Note
from tests.support.failures import FIXED, TEST, Story, fail_and_fix, failure, tree_of

F = "f1"


async def test_a_change_to_a_failing_frames_file_is_the_observed_remedy(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    found = await recaller.by_fingerprint(F)
    (remedy,) = found.remedies
    assert (remedy.state, remedy.kind, remedy.paths) == ("observed", "code", ("shop/cart.py",))
    assert "-    return TABLE[item]\n+    return TABLE.get(item, 0)\n" in remedy.diff
    assert remedy.label == "uncommitted"
    assert remedy.commit == ""
    assert found.match == "same"


async def test_a_looking_command_in_between_changes_nothing(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.run("git status")
    copy.write("shop/cart.py", FIXED)
    copy.run("git status")
    assert story.db.execute("SELECT count(*) FROM remedies").fetchone() == (0,)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.command == "pytest"
    assert remedy.paths == ("shop/cart.py",)


async def test_two_causes_of_one_tests_failure_keep_their_own_commits(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    first = copy.commit("fix one")
    copy.fails(failure("f2"))
    copy.write("shop/cart.py", FIXED + "TABLE = {}\n")
    copy.passes()
    second = copy.commit("fix two")
    assert [r.commit for r in (await recaller.by_fingerprint("f1")).remedies] == [first.sha]
    assert [r.commit for r in (await recaller.by_fingerprint("f2")).remedies] == [second.sha]


async def test_the_same_symptom_with_other_values_has_its_own_remedy_and_equal_values_go_first(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    first = copy.commit("fix one")
    copy.fails(failure(values="v2"))
    copy.write("shop/cart.py", FIXED + "TABLE = {}\n")
    copy.passes()
    second = copy.commit("fix two")
    ones = await recaller.by_failure(failure())
    twos = await recaller.by_failure(failure(values="v2"))
    others = await recaller.by_failure(failure(values="v3"))
    assert [r.commit for r in ones.remedies] == [first.sha, second.sha]
    assert [r.commit for r in twos.remedies] == [second.sha, first.sha]
    assert (ones.match, twos.match, others.match) == ("same", "same", "same, other values")


async def test_a_pass_with_nothing_changed_is_flaky_and_counted(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.passes()
    copy.fails(failure())
    copy.fails(failure())
    copy.passes()
    found = await recaller.by_fingerprint(F)
    assert found.flaky is not None
    assert (found.flaky.failed, found.flaky.runs) == (2, 4)
    assert found.remedies == ()


async def test_a_flaky_pass_downgrades_earlier_remedies_and_no_commit_is_offered(
    story: Story, recaller: Recaller
) -> None:
    copy, other = story.copy(), story.copy("desktop")
    copy.commit("first")
    fail_and_fix(copy)
    copy.commit("fix")
    other.fails(failure())
    other.passes()
    found = await recaller.by_fingerprint(F)
    assert found.flaky is not None
    (remedy,) = found.remedies
    assert (remedy.state, remedy.commit) == ("unproven", "")


async def test_a_remedy_that_did_not_hold_stays_rejected_when_its_test_passes_by_chance(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    copy.commit("fix")
    copy.fails(failure())
    copy.passes()
    found = await recaller.by_fingerprint(F)
    assert found.flaky is not None
    (remedy,) = found.remedies
    assert (remedy.state, remedy.commit) == ("rejected", "")
    assert remedy.why.startswith("did not hold: ")


async def test_bytecode_left_by_the_run_does_not_hide_that_nothing_changed(
    story: Story, recaller: Recaller
) -> None:
    """Without a .gitignore the first run changes the tree by itself."""
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/__pycache__/cart.cpython-311.pyc", "x")
    copy.passes()
    found = await recaller.by_fingerprint(F)
    assert found.flaky is not None


async def test_another_command_that_passes_on_the_same_files_proves_nothing(
    story: Story, recaller: Recaller
) -> None:
    """Alone the test passes, with the others it fails: that is order, neither flaky nor fixed."""
    copy = story.copy()
    copy.fails(failure())
    copy.passes(TEST, command=f"pytest -v {TEST}", passed=1)
    found = await recaller.by_fingerprint(F)
    assert (found.flaky, found.remedies) == (None, ())


async def test_files_that_change_while_the_passing_run_is_under_way_make_it_unexplained(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.run("pytest", 0, (), TestReport(passed_count=3), tree_after=tree_of({}))
    found = await recaller.by_fingerprint(F)
    assert (found.flaky, found.remedies) == (None, ())
    assert "under way" in found.note


async def test_a_change_that_the_failure_does_not_name_is_unexplained_and_shows_no_remedy(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure(files=("tests/test_cart.py",)))
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    found = await recaller.by_fingerprint(F)
    assert found.remedies == ()
    assert found.note == "unexplained: shop/cart.py changed, which the failure does not name"


async def test_a_file_that_the_command_names_counts_as_spoken_of(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    broken = failure(test="", files=())
    copy.fails(broken, command="python shop/cart.py")
    copy.write("shop/cart.py", FIXED)
    copy.passes(command="python shop/cart.py")
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.state, remedy.paths) == ("observed", ("shop/cart.py",))


async def test_a_broken_chain_of_grounds_is_unexplained(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.lost = True
    copy.passes()
    found = await recaller.by_fingerprint(F)
    assert found.remedies == ()
    assert "was not recorded" in found.note


async def test_a_skipped_test_is_a_note_and_no_remedy(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes(skipped=(TEST,), passed=2)
    found = await recaller.by_fingerprint(F)
    assert found.remedies == ()
    assert "test skipped" in found.note


@pytest.mark.parametrize(
    "counts",
    [(2, 0, 0), (3, 1, 0), (3, 0, 1)],
    ids=["fewer executed", "more skipped", "more deselected"],
)
async def test_a_green_run_that_left_something_out_closes_nothing(
    story: Story, recaller: Recaller, counts: tuple[int, int, int]
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    passed, skipped, deselected = counts
    copy.passes(passed=passed, skipped_count=skipped, deselected=deselected)
    assert (await recaller.by_fingerprint(F)).remedies == ()


async def test_a_test_that_a_complete_report_does_not_name_was_not_seen_to_pass(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes("t.py::a", "t.py::b", "t.py::c")
    found = await recaller.by_fingerprint(F)
    assert found.remedies == ()
    assert "removed, renamed or left out" in found.note


async def test_a_deleted_test_file_is_a_note_and_no_remedy(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    del copy.files["tests/test_cart.py"]
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    found = await recaller.by_fingerprint(F)
    assert found.remedies == ()
    assert found.note == "removed: the test's file was deleted"


async def test_a_change_to_the_test_alone_is_an_expectation_changed(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("tests/test_cart.py", "def test_total():\n    assert total() == 4\n")
    copy.passes()
    found = await recaller.by_fingerprint(F)
    assert found.remedies == ()
    assert found.note.startswith("expectation changed")


async def test_when_the_test_changed_too_it_is_not_known_which_of_the_two_made_it_pass(
    story: Story, recaller: Recaller
) -> None:
    for name, fingerprint, named, state in (
        ("a", "f1", (), "unproven"),
        ("b", "f2", (TEST,), "ambiguous"),
    ):
        copy = story.copy(name)
        copy.fails(failure(fingerprint))
        copy.write("shop/cart.py", FIXED)
        copy.write("tests/test_cart.py", "def test_total():\n    assert total() == 4\n")
        copy.passes(*named)
        (remedy,) = (await recaller.by_fingerprint(fingerprint)).remedies
        assert (remedy.state, remedy.also_changed) == (state, ("tests/test_cart.py",))
        assert "so did the test's own file" in remedy.why


async def test_another_test_file_that_changed_takes_nothing_from_a_run_that_names_the_test(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.write("tests/test_prices.py", "def test_price():\n    assert price() == 4\n")
    copy.passes(TEST)
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.state == "observed"
    assert remedy.why.endswith("; so did tests/test_prices.py")


async def test_a_package_that_changed_alone_is_the_remedy_and_never_a_commit(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.packages = "foo==1.2\npytest==9\n"
    copy.fails(failure())
    copy.packages = "foo==1.3\npytest==9\n"
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.state, remedy.kind, remedy.label) == ("observed", "dependency", "foo 1.2 -> 1.3")
    assert remedy.commit == ""


async def test_a_variable_that_changed_is_named_without_its_value(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.variables = "LANG=1\nSHOP_URL=hash\n"
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert (remedy.kind, remedy.label) == ("environment", "variables SHOP_URL")


async def test_code_and_environment_both_changed_is_ambiguous_and_says_so(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.packages = "foo==1.3\npytest==9\n"
    copy.write("shop/cart.py", FIXED)
    copy.passes()
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.state == "ambiguous"
    assert "both changed" in remedy.why


async def test_a_test_run_alone_by_its_name_is_seen_to_pass(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.passes(command=f"pytest -q {TEST}", passed=1)
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.state == "observed"


async def test_a_test_that_passes_while_another_fails_is_over(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    other = failure("f2", test="tests/test_cart.py::test_other")
    copy.fails(failure(), other, passed=1)
    copy.write("shop/cart.py", FIXED)
    copy.fails(other, passed=2)
    assert len((await recaller.by_fingerprint(F)).remedies) == 1
    assert (await recaller.by_fingerprint("f2")).remedies == ()


async def test_a_run_that_does_not_name_all_its_failures_shows_no_pass(
    story: Story, recaller: Recaller
) -> None:
    """With --no-summary the test that failed before may be among those not named."""
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.run("pytest", 1, (), TestReport(passed_count=2, failed_count=1))
    assert (await recaller.by_fingerprint(F)).remedies == ()


async def test_a_test_that_fails_differently_has_not_passed(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", FIXED)
    copy.fails(failure("f2"))
    assert (await recaller.by_fingerprint(F)).remedies == ()


async def test_a_rejected_remedy_is_never_first_again(story: Story, recaller: Recaller) -> None:
    copy = story.copy()
    copy.commit("first")
    fail_and_fix(copy)
    copy.commit("fix one")
    copy.write("shop/cart.py", "def price(item):\n    return TABLE[item] or 1\n")
    fail_and_fix(copy, "def price(item):\n    return 0\n")
    copy.commit("fix two")
    first = (await recaller.by_fingerprint(F)).remedies[0]
    story.accept(Note("feedback", {"remedy_id": first.id, "verdict": "rejected"}))
    after = (await recaller.by_fingerprint(F)).remedies
    assert after[0].id != first.id
    assert (after[-1].id, after[-1].state) == (first.id, "rejected")


async def test_a_remedy_in_place_when_the_symptom_returns_did_not_hold(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    fail_and_fix(copy)
    copy.write("README.md", "other\n")
    copy.fails(failure())
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.state == "rejected"
    assert remedy.why.startswith("did not hold")
    assert story.cards() == []


async def test_a_remedy_that_was_taken_out_again_is_not_contradicted(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    bad = copy.files["shop/cart.py"]
    fail_and_fix(copy)
    copy.write("shop/cart.py", bad)
    copy.fails(failure())
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.state == "observed"


async def test_a_failure_outside_any_working_copy_is_remembered_and_claims_nothing(
    story: Story, recaller: Recaller
) -> None:
    copy = story.copy()
    copy.wc = type(copy.wc)("")
    copy.fails(failure())
    copy.passes()
    found = await recaller.last()
    assert len(found.occurrences) == 1
    assert found.remedies == ()


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        (("pytest", TEST), ("pytest", "tests/test_cart.py::test_other"), "observed"),
        (("pytest", TEST), ("pytest -x", TEST), "rejected"),
        (("sh a.sh", ""), ("sh b.sh", ""), "observed"),
        (("sh a.sh", ""), ("sh a.sh", ""), "rejected"),
    ],
)
async def test_only_the_same_test_or_the_same_command_speaks_against_a_remedy(
    story: Story,
    recaller: Recaller,
    first: tuple[str, str],
    second: tuple[str, str],
    state: str,
) -> None:
    """Two tests that fail alike, or two scripts, may have two causes."""
    copy = story.copy()
    copy.fails(failure(test=first[1]), command=first[0])
    copy.write("shop/cart.py", FIXED)
    copy.passes(command=first[0])
    copy.write("README.md", "another shop\n")
    copy.fails(failure(test=second[1]), command=second[0])
    (remedy,) = (await recaller.by_fingerprint(F)).remedies
    assert remedy.state == state
    assert ("did not hold" in remedy.why) == (state == "rejected")
