"""A run counts as red or green for a reason that a person can read, or it does not count."""

from __future__ import annotations

from dataclasses import replace

from common.model.event import CommandFinished
from common.model.failure import Failure, TestReport
from common.model.ids import Fingerprint
from developer_node.proof import judging
from developer_node.proof.judging import Tried
from developer_node.proof.witness import Seen

TEST = "test_calc.py::test_add"
FAILURE = Failure(
    "pytest", "AssertionError", "test", "assert 1 == 2", "", TEST, fingerprint=Fingerprint("f")
)
OTHER = replace(FAILURE, fingerprint=Fingerprint("g"), code="KeyError", message="'b'\nmore")


def tried(
    code: int = 0,
    *failures: Failure,
    tests: TestReport | None = None,
    modules: tuple[str, ...] = (),
    python: bool = True,
    stopped: str = "",
) -> Tried:
    command = CommandFinished("pytest", "/w", (code,), 1, failures=failures, tests=tests)
    return Tried(command, Seen(python, frozenset(modules), tests), "/w", stopped)


def test_red_is_the_same_fingerprint_and_nothing_else() -> None:
    assert judging.red(tried(1, OTHER, FAILURE), FAILURE) == ""
    assert judging.red(tried(1, OTHER), FAILURE) == (
        "the rebuilt tree fails in another way: KeyError: 'b'"
    )
    assert judging.red(tried(0), FAILURE).startswith("the rebuilt tree does not fail")
    assert judging.red(tried(3), FAILURE) == (
        "the rebuilt tree ends with exit code 3, without that failure"
    )


def test_a_run_that_a_limit_ended_counts_for_nothing() -> None:
    ended = tried(137, FAILURE, stopped="it took more than 1 s")
    assert "did not come to its failure: it took more than 1 s" in judging.red(ended, FAILURE)
    assert "did not come to an end" in judging.green(ended, FAILURE)


def test_green_is_the_failing_test_itself_seen_to_pass() -> None:
    """Whatever else fails: the remedy was for this test."""
    assert judging.green(tried(0, tests=TestReport(passed=(TEST,))), FAILURE) == ""
    assert judging.green(tried(1, OTHER, tests=TestReport(passed=(TEST,))), FAILURE) == ""
    assert judging.green(tried(1, OTHER, tests=TestReport(failed=(TEST,))), FAILURE) == (
        f"{TEST} fails with the remedy too"
    )


def test_skipped_deselected_and_deleted_are_not_green_though_the_command_is() -> None:
    skipped = tried(0, tests=TestReport(skipped=(TEST,)))
    assert judging.green(skipped, FAILURE) == f"{TEST} is skipped with the remedy"
    gone = tried(0, tests=TestReport(passed=("test_calc.py::test_other",)))
    assert judging.green(gone, FAILURE) == f"{TEST} did not run with the remedy"
    nothing = tried(5, tests=TestReport())
    assert judging.green(nothing, FAILURE) == f"{TEST} was not seen to pass"


def test_a_file_that_could_not_be_imported_is_green_when_its_tests_pass() -> None:
    collection = replace(FAILURE, test="test_calc.py")
    assert judging.green(tried(0, tests=TestReport(passed=(TEST,))), collection) == ""
    half = TestReport(passed=(TEST,), failed=("test_calc.py::test_two",))
    assert judging.green(tried(1, tests=half), collection) != ""
    assert judging.green(tried(5, tests=TestReport()), collection) != ""


def test_without_a_test_the_command_has_to_end_well() -> None:
    crash = replace(FAILURE, test="")
    assert judging.green(tried(0), crash) == ""
    assert judging.green(tried(2, OTHER), crash) == (
        "with the remedy it ends with exit code 2: KeyError: 'b'"
    )
    assert judging.green(tried(1, crash), crash) == "it fails in the same way with the remedy"


def test_the_remedys_own_files_must_have_been_loaded() -> None:
    assert judging.origin(tried(modules=("/w/src/pkg/calc.py",)), ["src/pkg/calc.py"]) == ""
    assert judging.origin(tried(modules=("/w/other.py",)), ["src/pkg/calc.py"]) == (
        "none of the remedy's files was loaded, such as src/pkg/calc.py"
    )
    assert judging.origin(tried(python=False), ["calc.py"]) == (
        "Python could not be asked which files it had loaded"
    )
    assert judging.origin(tried(python=False), ["calc.c", "data.json"]) == ""


def test_a_copy_elsewhere_under_the_same_name_was_tested_instead() -> None:
    for path, stranger in (
        ("src/pkg/calc.py", "/venv/lib/python3/site-packages/pkg/calc.py"),
        ("pkg/calc.py", "/home/me/main/pkg/calc.py"),
        ("src/pkg/__init__.py", "/venv/lib/python3/site-packages/pkg/__init__.py"),
        ("calc.py", "/venv/lib/python3/site-packages/calc.py"),
    ):
        said = judging.origin(tried(modules=(stranger, "/w/test_calc.py")), [path])
        assert said == f"{path} was not tested: {stranger} was loaded in its place"


def test_of_several_files_one_that_was_loaded_is_enough_unless_a_copy_was() -> None:
    seen = tried(modules=("/w/pkg/a.py",))
    assert judging.origin(seen, ["pkg/a.py", "pkg/b.py"]) == ""
    seen = tried(modules=("/w/pkg/a.py", "/venv/site-packages/pkg/b.py"))
    assert "pkg/b.py was not tested" in judging.origin(seen, ["pkg/a.py", "pkg/b.py"])


def test_a_contradiction_after_agreeing_runs_is_called_unsteady() -> None:
    assert judging.without_flakes("it passes", 0, "red") == "it passes"
    assert judging.without_flakes("it passes", 2, "red") == (
        "it is not steady: 2 times red, and then it passes"
    )


def test_outside_python_the_origin_of_modules_is_said_not_to_be_looked_at() -> None:
    assert judging.origin(tried(), ["src/cart.rs"]) == ""
    said = "it was not looked at where modules were loaded from"
    assert judging.origin_unknown(["calc.py"]) == ""
    assert judging.origin_unknown(["calc.py", "README.md"]) == ""
    assert judging.origin_unknown(["src/cart.rs"]) == f"outside Python, such as src/cart.rs, {said}"
    assert said in judging.origin_unknown(["calc.py", "web/cart.js"])
    assert judging.origin_unknown(["data.json"]) == f"outside Python, {said}"
