"""The same failures in every dress that pytest gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.model.event import CommandFinished
from common.model.failure import Failure
from tests.support import shop_project

FILE = "tests/test_cart.py"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop_project.make(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def plain(root: Path) -> CommandFinished:
    return shop_project.run(root, "tests", env={"COLUMNS": "80"})


def by_test(command: CommandFinished) -> dict[str, Failure]:
    return {failure.test: failure for failure in command.failures}


def identities(command: CommandFinished) -> dict[str, str]:
    return {test: failure.fingerprint for test, failure in by_test(command).items()}


DRESSES: dict[str, tuple[tuple[str, ...], str, dict[str, str]]] = {
    "40 columns": (("tests",), "", {"COLUMNS": "40"}),
    "200 columns": (("tests",), "", {"COLUMNS": "200"}),
    "CI": (("tests",), "", {"CI": "1", "COLUMNS": "40"}),
    "quiet": (("tests", "-q"), "", {"COLUMNS": "40"}),
    "verbose": (("tests", "-v"), "", {"COLUMNS": "40"}),
    "very verbose": (("tests", "-vv"), "", {"COLUMNS": "200"}),
    "short": (("tests", "--tb=short"), "", {"COLUMNS": "40"}),
    "long": (("tests", "--tb=long"), "", {"COLUMNS": "80"}),
    "native": (("tests", "--tb=native"), "", {"COLUMNS": "80"}),
    "colours": (("tests", "--color=yes"), "", {"COLUMNS": "80"}),
    "other directory": (("../../tests",), "tests/deep", {"COLUMNS": "40"}),
    "all summaries": (("tests", "-rA"), "", {"COLUMNS": "80"}),
    "two workers": (("tests", "-n2", "-v"), "", {"COLUMNS": "80"}),
}


@pytest.mark.parametrize("dress", DRESSES)
def test_fingerprints_and_names_do_not_depend_on_the_dress(
    root: Path, plain: CommandFinished, dress: str
) -> None:
    args, cwd, env = DRESSES[dress]
    assert identities(shop_project.run(root, *args, cwd=cwd, env=env)) == identities(plain)


def test_every_failing_test_is_found_with_its_own_identity(plain: CommandFinished) -> None:
    """The control case: had all the same fingerprint, the test above would pass as well."""
    assert plain.tests is not None
    assert set(identities(plain)) == set(plain.tests.failed)
    assert len(plain.failures) == 13 == plain.tests.failed_count
    fingerprints = identities(plain)
    words = {fingerprints[f"{FILE}::TestCart::test_words[{word}]"] for word in ("a - b", "c::d")}
    prices = {fingerprints[f"{FILE}::{name}"] for name in ("test_unknown_item", "test_lambda")}
    assert (len(words), len(prices)) == (1, 1), "one symptom each, reached by two tests"
    assert len(set(fingerprints.values())) == 11


def test_code_message_and_own_frames_are_read(plain: CommandFinished) -> None:
    failure = by_test(plain)[f"{FILE}::test_unknown_item"]
    assert (failure.tool, failure.code, failure.kind) == ("pytest", "KeyError", "test")
    assert failure.message == "'pear'"
    own = [(f.path, f.function) for f in failure.frames if f.in_app]
    assert own[0] == (FILE, "test_unknown_item")
    assert own[-1] == ("src/shop/cart.py", "price")


def test_a_librarys_frames_are_known_as_such(plain: CommandFinished) -> None:
    frames = by_test(plain)[f"{FILE}::test_async"].frames
    assert [f.path for f in frames if f.in_app] == [FILE, FILE]
    assert any("asyncio" in f.path and not f.in_app for f in frames)


def test_a_chained_exception_is_told_with_its_cause(plain: CommandFinished) -> None:
    failure = by_test(plain)[f"{FILE}::test_checkout"]
    assert failure.code == "CartError"
    assert failure.normalised == ("cannot price order <n> of <n> items; from KeyError: <value>")


def test_a_message_before_an_assertion_does_not_hide_the_values(plain: CommandFinished) -> None:
    failure = by_test(plain)[f"{FILE}::TestCart::test_many[2]"]
    assert failure.normalised == "the total is wrong; assert <value> == <value>"
    assert failure.values


def test_what_a_test_prints_is_neither_a_failure_nor_a_section(plain: CommandFinished) -> None:
    assert f"{FILE}::test_async" in by_test(plain), "it comes after the one that prints a banner"
    assert not any("test_never" in test for test in by_test(plain))
    assert not any(f.message == "printed" for f in plain.failures)


def test_fixtures_fail_in_the_test_that_asked_for_them(plain: CommandFinished) -> None:
    failures = by_test(plain)
    assert failures[f"{FILE}::test_with_broken_fixture"].code == "FileNotFoundError"
    assert failures[f"{FILE}::test_with_missing_fixture"].code == "fixture"


def test_a_verbose_report_names_what_passed_and_what_was_skipped(root: Path) -> None:
    tests = shop_project.run(root, "tests", "-v", env={"COLUMNS": "40"}).tests
    assert tests is not None
    assert tests.passed == (f"{FILE}::TestCart::test_many[1]", f"{FILE}::test_good")
    assert tests.skipped == (f"{FILE}::test_skipped", f"{FILE}::test_expected")
    assert (tests.passed_count, tests.skipped_count) == (2, 2)


def test_a_quiet_report_gives_counts(root: Path) -> None:
    run = shop_project.run(root, "tests", "-q", "-k", "good or skipped", env={"COLUMNS": "40"})
    assert run.failures == ()
    assert run.tests is not None
    assert (run.tests.passed, run.tests.failed) == ((), ())
    counts = (run.tests.passed_count, run.tests.skipped_count, run.tests.deselected_count)
    assert counts == (1, 1, 15)


def test_stopping_at_the_first_failure_gives_that_failure(
    root: Path, plain: CommandFinished
) -> None:
    run = shop_project.run(root, "tests", "-x", env={"COLUMNS": "40"})
    assert identities(run) == {
        f"{FILE}::test_total_of_apples": identities(plain)[f"{FILE}::test_total_of_apples"]
    }


@pytest.mark.parametrize("cwd", ["", "tests/deep"])
def test_files_that_cannot_be_collected_are_failures_of_their_own(root: Path, cwd: str) -> None:
    path = "../../broken" if cwd else "broken"
    failures = by_test(shop_project.run(root, path, cwd=cwd, env={"COLUMNS": "40"}))
    assert {t: f.code for t, f in failures.items()} == {
        "broken/test_import.py": "ModuleNotFoundError",
        "broken/test_syntax.py": "SyntaxError",
    }
    own = [f.path for f in failures["broken/test_syntax.py"].frames if f.in_app]
    assert own == ["broken/test_syntax.py"]


def test_a_conftest_that_cannot_be_imported_is_a_failure(tmp_path: Path) -> None:
    root = shop_project.make(tmp_path)
    (root / "tests/conftest.py").write_text("import no_such_module_here\n")
    (failure,) = shop_project.run(root, "tests").failures
    assert (failure.tool, failure.code) == ("pytest", "ModuleNotFoundError")


def test_moved_lines_and_another_directory_change_nothing(
    plain: CommandFinished, tmp_path: Path
) -> None:
    other = shop_project.make(tmp_path / "clone")
    for path in ("src/shop/cart.py", FILE):
        file = other / path
        file.write_text("# a comment\n\n\n" + file.read_text())
    assert identities(shop_project.run(other, "tests")) == identities(plain)


def test_other_values_are_told_apart_and_nothing_else_is(
    root: Path, plain: CommandFinished, tmp_path: Path
) -> None:
    other = shop_project.make(tmp_path / "clone")
    file = other / FILE
    file.write_text(file.read_text().replace("== 4", "== 5"))
    test = f"{FILE}::test_total_of_apples"
    before, after = by_test(plain)[test], by_test(shop_project.run(other, "tests"))[test]
    assert before.fingerprint == after.fingerprint
    assert before.values != after.values
