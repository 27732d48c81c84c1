"""Changes composed over a chain of runs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.model.event import PathChange
from common.model.ids import ContentHash
from dragon_node.failures.changes import (
    compose,
    is_own_test,
    is_test,
    named_files,
    named_part,
    spoken_of,
    with_its_tests,
    written_by_people,
)
from tests.support.failures import failure

Files = dict[str, str]
grounds = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "2", "3"])),
    min_size=2,
    max_size=8,
)


def difference(old: Files, new: Files) -> tuple[PathChange, ...]:
    return tuple(
        PathChange(
            path,
            old.get(path, ""),
            new.get(path, ""),
            ContentHash(old.get(path, "")),
            ContentHash(new.get(path, "")),
        )
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    )


@given(grounds)
def test_changes_over_a_chain_are_the_direct_difference(chain: list[Files]) -> None:
    steps = [difference(a, b) for a, b in pairwise(chain)]
    assert compose(steps) == difference(chain[0], chain[-1])


RUN, PLAIN = "100755", "100644"


@pytest.mark.parametrize(
    ("steps", "composed"),
    [
        ([("1", "1", RUN)], [("1", "1", RUN)]),
        ([("1", "1", RUN), ("1", "2", "")], [("1", "2", RUN)]),
        ([("1", "2", ""), ("2", "2", RUN)], [("1", "2", RUN)]),
        ([("1", "1", RUN), ("1", "1", PLAIN)], []),
        ([("1", "2", ""), ("2", "2", RUN), ("2", "2", PLAIN)], [("1", "2", "")]),
        ([("1", "1", RUN), ("1", "", "")], [("1", "", "")]),
        ([("", "1", ""), ("1", "1", RUN)], [("", "1", RUN)]),
        ([("", "1", RUN), ("1", "1", PLAIN)], [("", "1", "")]),
        ([("1", "", ""), ("", "1", RUN)], []),
    ],
)
def test_the_mode_is_composed_like_the_content(
    steps: list[tuple[str, str, str]], composed: list[tuple[str, str, str]]
) -> None:
    """The last: whether it could be executed before it was gone is not known."""
    edges = [[PathChange("a", old, new, mode=mode)] for old, new, mode in steps]
    assert [(c.old_git, c.new_git, c.mode) for c in compose(edges)] == composed


def test_what_a_run_leaves_behind_is_nobodys_change() -> None:
    paths = ["a.py", "x/__pycache__/a.pyc", ".pytest_cache/v", ".coverage", "cache.py"]
    kept = written_by_people(PathChange(p, "1", "2") for p in paths)
    assert [c.path for c in kept] == ["a.py", "cache.py"]


def test_a_commands_files_are_those_of_the_working_copy() -> None:
    named = named_files("python -m pytest ../a.py t.py::x /etc/hosts", "/r/sub", "/r")
    assert {"a.py", "sub/t.py"} <= named
    assert not any(path.startswith(("/", "..")) for path in named)


def test_a_failure_speaks_of_its_own_frames_and_not_of_a_librarys() -> None:
    spoken = spoken_of(failure(files=("shop/cart.py",)), "pytest", "/r", "/r")
    assert spoken >= {"shop/cart.py", "tests/test_cart.py"}


@pytest.mark.parametrize(
    ("tool", "test", "path"),
    [
        ("go", "example.com/shop/cart::TestTwoApples", "cart/cart_test.go"),
        ("gradle", "shop.CartTest::twoApples", "src/test/java/shop/CartTest.java"),
        ("gradle", "shop.CartTest::twoApples", "app/src/test/kotlin/shop/CartTest.kt"),
        ("maven", "shop.CartIT::twoApples", "src/test/java/shop/CartIT.java"),
        ("jest", "jt/prices.test.js::prices > adds", "jt/prices.test.js"),
        ("vitest", "src/cart.spec.ts::prices > adds", "src/cart.spec.ts"),
        ("jest", "__tests__/cart.js::prices > adds", "__tests__/cart.js"),
        ("pytest", "tests/test_cart.py::test_total", "tests/test_cart.py"),
    ],
)
def test_a_tests_own_file_is_known_by_each_tools_names(tool: str, test: str, path: str) -> None:
    failed = replace(failure(test=test, files=()), tool=tool)
    assert is_test(path, failed)
    assert is_own_test(path, failed)


@pytest.mark.parametrize(
    ("test", "path"),
    [
        ("adds three", "shop.test.js"),
        ("checkout tests/checkout.rs::checks_out", "tests/checkout.rs"),
        ("tests/test_cart.py::test_total", "tests/helpers.py"),
        ("tests/test_cart.py::test_total", "conftest.py"),
    ],
)
def test_a_file_of_tests_that_the_failure_runs_through_is_its_own(test: str, path: str) -> None:
    failed = failure(test=test, files=("src/cart.rs", path))
    assert is_test(path, failed)
    assert is_own_test(path, failed)
    assert not is_own_test(path, failure(test=test, files=("src/cart.rs",)))
    change = PathChange(path, "1", "2")
    assert named_part(failed, [change], {path}).related == ()


@pytest.mark.parametrize(
    "path",
    [
        "cart/cart.go",
        "src/main/java/shop/Cart.java",
        "src/cart.rs",
        "django/test/client.py",
        "a.js",
    ],
)
def test_code_is_not_taken_for_a_test(path: str) -> None:
    assert not is_test(path, failure(test="example.com/shop/cart::TestTwoApples", files=(path,)))


def test_where_no_test_was_loaded_every_file_is_code() -> None:
    """It could not be imported, or a request failed."""
    assert not is_test("tests/test_cart.py", failure(test="tests/test_cart.py"))
    assert not is_test("tests/test_cart.py", failure(test="GET /cart"))
    assert not is_test("tests/test_cart.py", failure(test=""))


@pytest.mark.parametrize(
    ("test", "path", "together"),
    [
        ("shop src/lib.rs::tests::adds_three", "src/lib.rs", True),
        ("shop src/lib.rs::cart::tests::two_apples", "src/cart.rs", True),
        ("shop src/lib.rs::cart::tests::two_apples", "src/cart/mod.rs", True),
        ("shop src/lib.rs::cart::tests::two_apples", "shop/src/lib.rs", True),
        ("shop doc::src/price.rs::price", "src/price.rs", True),
        ("shop src/lib.rs::cart::tests::two_apples", "src/price.rs", False),
        ("checkout tests/checkout.rs::checks_out", "src/cart.rs", False),
        ("checkout tests/checkout.rs::checks_out", "tests/checkout.rs", False),
        ("shop src/lib.rs::cart::tests::two_apples", "cart.toml", False),
    ],
)
def test_rusts_code_and_tests_may_stand_in_one_file(test: str, path: str, together: bool) -> None:
    failed = replace(failure(test=test, files=(path,)), tool="cargo")
    found = with_its_tests([PathChange(path, "1", "2")], failed)
    assert found == ((path,) if together else ())
    assert with_its_tests([PathChange(path, "1", "2")], replace(failed, tool="pytest")) == ()
