"""cargo's output: tests by name, its own errors, and what is only a consequence."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.cargo import CONSEQUENCE, PARSER
from developer_node.text.parsers.symptom import Symptom
from tests.support.tool_samples import parsed, said, sample, silent

UNIT = "shop src/lib.rs::cart::tests::"
FAILED = {
    f"{UNIT}panics",
    f"{UNIT}two_apples",
    f"{UNIT}unknown_item",
    f"{UNIT}returns_an_error",
    "checkout tests/checkout.rs::checks_out",
    "shop doc::src/cart.rs::cart::twice",
}


def by_test(name: str) -> dict[str, Symptom]:
    return {f.symptom.test: f.symptom for f in parsed(PARSER, name).found}


@pytest.mark.parametrize("name", ["cargo/test", "cargo/test_colours", "cargo/test_narrow"])
def test_every_target_names_its_tests(name: str) -> None:
    tests = parsed(PARSER, name).tests
    assert tests is not None
    assert set(tests.failed) == FAILED
    assert tests.passed == (f"{UNIT}one_apple", "checkout tests/checkout.rs::passes")
    assert tests.skipped == (f"{UNIT}later",)
    assert (tests.passed_count, tests.failed_count, tests.skipped_count) == (2, 6, 1)


@pytest.mark.parametrize("name", ["cargo/test", "cargo/test_colours", "cargo/test_narrow"])
def test_every_failed_test_has_its_own_words_and_place(name: str) -> None:
    rows = {
        test: (s.complaint.code, s.complaint.headline, [f.path for f in s.complaint.frames])
        for test, s in by_test(name).items()
    }
    assert set(rows) == FAILED
    assert rows[f"{UNIT}unknown_item"] == ("panic", 'no price for "pear"', ["src/cart.rs"])
    assert rows[f"{UNIT}returns_an_error"] == ("Err", '"cannot price"', [])
    assert rows[f"{UNIT}panics"] == (
        "did not panic",
        "test did not panic as expected",
        ["src/cart.rs"],
    )


def test_what_an_assertion_compared_is_told_as_values() -> None:
    complaint = by_test("cargo/test")[f"{UNIT}two_apples"].complaint
    assert (
        complaint.headline == "assertion `left == right` failed: the total is wrong\nassert 6 == 7"
    )


def test_a_backtrace_changes_no_identity() -> None:
    plain, traced = by_test("cargo/test"), by_test("cargo/test_backtrace")
    for test, symptom in traced.items():
        one, other = plain[test].complaint, symptom.complaint
        assert (one.code, one.headline, one.frames) == (other.code, other.headline, other.frames)


def test_a_doctest_keeps_its_name_when_lines_move() -> None:
    assert "shop doc::src/cart.rs::cart::twice" in by_test("cargo/test")


def test_a_quiet_run_names_what_failed_and_claims_no_pass() -> None:
    tests = parsed(PARSER, "cargo/test_quiet").tests
    assert tests is not None
    assert "cart::tests::two_apples" in tests.failed
    assert tests.passed == ()
    assert tests.passed_count == 1


def test_in_a_member_of_a_workspace_a_panics_path_is_the_workspaces() -> None:
    (found,) = parsed(PARSER, "cargo/workspace_test").found
    (frame,) = found.symptom.complaint.frames
    assert frame.path == "/home/mira/ws/crates/store/src/lib.rs"


@pytest.mark.parametrize(
    ("name", "headline", "kind"),
    [
        ("no_manifest", "could not find `Cargo.toml` in `/home/mira/cart`", "environment"),
        ("no_subcommand", "no such command: `bulid`", "environment"),
        ("offline", "no matching package named `serde` found", "environment"),
        ("missing_dependency", "failed to get `store` as a dependency", "environment"),
        ("bad_manifest", "key with no value, expected `=`", "build"),
        ("build_script", "failed to run custom build command for `bs", "build"),
    ],
)
def test_its_own_errors_have_their_first_words_and_last_cause(
    name: str, headline: str, kind: str
) -> None:
    (found,) = parsed(PARSER, f"cargo/{name}").found
    assert found.symptom.complaint.headline.startswith(headline)
    assert found.symptom.kind == kind


def test_a_build_script_that_panicked_has_its_place() -> None:
    ((_, where, headline),) = said(PARSER, "cargo/build_script")
    assert where == "build.rs:1"
    assert "the schema: Os" in headline


def test_a_clean_run_says_what_passed_and_nothing_wrong() -> None:
    clean = parsed(PARSER, "cargo/clean")
    assert clean.found == ()
    assert clean.tests is not None
    assert clean.tests.passed == (f"{UNIT}one_apple",)
    assert clean.tests.deselected_count == 5


@pytest.mark.parametrize("name", ["cargo/check", "cargo/workspace_member"])
def test_that_something_could_not_be_compiled_is_a_consequence(name: str) -> None:
    taken = sample(name)
    assert silent(PARSER, taken.text)
    consequence = CONSEQUENCE.parse(taken.lines, taken.place)
    assert consequence is not None
    assert consequence.found[0].symptom.complaint.headline.startswith("could not compile")
    assert CONSEQUENCE.consequence


@pytest.mark.parametrize(
    "text",
    [
        "error: pathspec 'x' did not match any file(s) known to git",
        "error: expected one of `!` or `::`\n --> src/main.rs:1:1",
        "error: invalid flag: -nosuch",
        "test result: we shall see",
        "0 errors",
    ],
)
def test_what_is_not_cargos_is_left_to_others(text: str) -> None:
    assert silent(PARSER, text)
