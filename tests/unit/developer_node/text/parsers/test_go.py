"""go's output: build, vet, test in three shapes, panics and modules."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.go import PARSER
from developer_node.text.parsers.symptom import Symptom
from tests.support.tool_samples import parsed, said, silent

CART = "example.com/shop/cart::"


def by_test(name: str) -> dict[str, Symptom]:
    return {f.symptom.test: f.symptom for f in parsed(PARSER, f"go/{name}").found}


@pytest.mark.parametrize("name", ["go/build", "go/build_narrow"])
def test_a_compile_error_is_the_same_in_every_width(name: str) -> None:
    message = "cannot use items (variable of type []string) as type int in return statement"
    assert said(PARSER, name) == [("", "cart/cart.go:4", message)]


@pytest.mark.parametrize("name", ["go/build_main", "go/run"])
def test_every_compile_error_is_one(name: str) -> None:
    assert [row[1:] for row in said(PARSER, name)] == [
        ("main.go:5", 'imported and not used: "os"'),
        (
            "main.go:11",
            'cannot use "three" (untyped string constant) as int value in variable declaration',
        ),
        ("main.go:12", "unused declared but not used"),
        ("main.go:13", "undefined: undefinedName"),
    ]


@pytest.mark.parametrize("name", ["test", "test_verbose", "test_here", "test_json"])
def test_a_failed_test_has_its_package_its_name_and_its_words(name: str) -> None:
    symptom = by_test(name)[f"{CART}TestTwoApples"]
    (frame,) = symptom.complaint.frames
    assert symptom.complaint.headline == "Total = 6, want 7"
    assert (frame.path, frame.line) == ("/home/mira/goshop/cart/cart_test.go", 13)


@pytest.mark.parametrize("name", ["test", "test_verbose", "test_here", "test_json"])
def test_a_subtest_is_told_and_not_its_parent(name: str) -> None:
    found = by_test(name)
    assert f"{CART}TestMany/of_apples#01" in found
    assert f"{CART}TestMany" not in found


@pytest.mark.parametrize("name", ["test", "test_verbose"])
def test_a_panic_in_a_test_has_its_frames(name: str) -> None:
    symptom = by_test(name)["example.com/shop/crash::TestUnknownItem"]
    assert symptom.complaint.headline == 'no price for "pear"'
    assert [f.function for f in symptom.complaint.frames][-2:] == ["cart.Total", "cart.Price"]


def test_a_package_that_does_not_compile_is_no_test() -> None:
    found = parsed(PARSER, "go/test").found
    assert found[0].symptom.kind == "build"
    assert found[0].symptom.test == ""


def test_passes_are_named_when_the_run_named_them() -> None:
    verbose, plain = parsed(PARSER, "go/test_verbose").tests, parsed(PARSER, "go/test").tests
    assert verbose is not None
    assert plain is not None
    assert f"{CART}TestOneApple" in verbose.passed
    assert verbose.skipped == (f"{CART}TestLater",)
    assert plain.passed == ()
    assert set(verbose.failed) == set(plain.failed)


def test_json_says_what_the_text_says() -> None:
    json, plain = parsed(PARSER, "go/test_json").tests, parsed(PARSER, "go/test_here").tests
    assert json is not None
    assert plain is not None
    assert json.failed == plain.failed
    assert json.passed == (f"{CART}TestOneApple", f"{CART}TestMany/of_apples")


def test_a_timeout_is_the_packages() -> None:
    assert by_test("test_timeout")["example.com/shop/fine"].complaint.headline == (
        "test timed out after 1s"
    )


@pytest.mark.parametrize("name", ["missing_package", "get", "no_module"])
def test_trouble_with_modules_is_the_environments(name: str) -> None:
    kinds = {f.symptom.kind for f in parsed(PARSER, f"go/{name}").found}
    assert kinds == {"environment"}


def test_testifys_report_gives_what_it_compared() -> None:
    # The shape of github.com/stretchr/testify 1.9.
    text = (
        "--- FAIL: TestTotal (0.00s)\n"
        "    cart_test.go:9: \n"
        "        \tError Trace:\t/w/cart_test.go:9\n"
        "        \tError:      \tNot equal: \n"
        "        \t            \texpected: 3\n"
        "        \t            \tactual  : 4\n"
        "        \tTest:       \tTestTotal\n"
        "FAIL\nFAIL\texample.com/w\t0.002s\n"
    )
    assert not silent(PARSER, text)


@pytest.mark.parametrize("name", ["go/clean", "go/clean_quiet"])
def test_a_clean_run_says_nothing_wrong(name: str) -> None:
    clean = parsed(PARSER, name)
    assert clean.found == ()
    assert clean.tests is not None


@pytest.mark.parametrize(
    "text",
    [
        "main.go:5:2: a line of grep",
        "go: downloading github.com/x/y v1.0.0",
        "--- FAIL: what a log said",
        "FAIL",
        "0 errors",
    ],
)
def test_what_is_no_failure_of_go_is_left_alone(text: str) -> None:
    assert silent(PARSER, text)
