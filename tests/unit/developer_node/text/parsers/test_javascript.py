"""Stacks of V8, as several versions of Node and several tools print them."""

from __future__ import annotations

import pytest

from common.model.failure import Frame
from developer_node.text.parsers.javascript import claim, frame, shown, stack


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("    at total (/w/src/cart.js:3:5)", Frame("/w/src/cart.js", "total", 3)),
        ("    at async order (/w/src/cart.js:3:5)", Frame("/w/src/cart.js", "order", 3)),
        ("    at Object.total (src/cart.js:3:5)", Frame("src/cart.js", "total", 3)),
        ("    at Cart.add [as put] (src/cart.js:3:5)", Frame("src/cart.js", "Cart.add", 3)),
        ("    at new Cart (src/cart.js:3:5)", Frame("src/cart.js", "new Cart", 3)),
        ("    at Object.<anonymous> (src/a.test.js:3:5)", Frame("src/a.test.js", "", 3)),
        ("    at Object.toBe (src/a.test.js:3:5)", Frame("src/a.test.js", "", 3)),
        ("    at src/cart.js:3:5", Frame("src/cart.js", "", 3)),
        ("    at file:///w/my%20shop/cart.js:3:5", Frame("/w/my shop/cart.js", "", 3)),
        ("    at async file:///w/cart.js:3:5", Frame("/w/cart.js", "", 3)),
        (
            "    at Page (webpack-internal:///(rsc)/./app/page.tsx:3:5)",
            Frame("app/page.tsx", "Page", 3),
        ),
        (" ❯ total src/cart.ts:3:5", Frame("src/cart.ts", "total", 3)),
        (" ❯ src/cart.ts:3:5", Frame("src/cart.ts", "", 3)),
    ],
)
def test_a_frame_is_read_in_every_shape(line: str, want: Frame) -> None:
    assert frame(line) == want


@pytest.mark.parametrize(
    "line",
    [
        "    at node:internal/main/run_main_module:28:49",
        "    at Module._compile (node:internal/modules/cjs/loader:1256:14)",
        "    at Array.map (<anonymous>)",
        "    at async Promise.all (index 0)",
        "the meeting is at 10:30:00",
    ],
)
def test_what_is_nobodys_file_is_no_frame(line: str) -> None:
    assert frame(line) is None


def test_the_innermost_frame_comes_last() -> None:
    lines = ["Error: x", "    at inner (a.js:1:1)", "    at outer (b.js:2:1)"]
    assert [f.function for f in stack(lines)] == ["outer", "inner"]


def test_the_spinner_of_npx_is_wiped() -> None:
    assert shown(["⠙src/a.ts:1:1", "⠙⠹ plain", "✖ kept"]) == ["src/a.ts:1:1", "plain", "✖ kept"]


def test_a_claim_names_what_came_first() -> None:
    assert claim(" 3 ", "4") == "assert 3 == 4"
