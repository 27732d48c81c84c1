"""ruff's output, of three versions and every shape that a person reads."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.ruff import PARSER
from tests.support.tool_samples import parsed, said, sample, silent

SHOP = [
    ("F401", "shop/cart.py:1", "`os` imported but unused"),
    ("F401", "shop/cart.py:2", "`sys` imported but unused"),
    ("UP035", "shop/cart.py:3", "`typing.List` is deprecated, use `list` instead"),
    ("UP006", "shop/cart.py:12", "Use `list` instead of `List` for type annotation"),
    ("F821", "shop/cart.py:23", "Undefined name `undefined_name`"),
    ("F401", "shop/cart.py:39", "`missing_package` imported but unused"),
    ("invalid-syntax", "shop/cut.py:1", "Expected a parameter or the end of the parameter list"),
    ("invalid-syntax", "shop/cut.py:2", "unexpected EOF while parsing"),
]


@pytest.mark.parametrize("shape", ["concise", "grouped", "github"])
def test_every_shape_says_the_same(shape: str) -> None:
    assert said(PARSER, f"ruff/0.17_{shape}") == SHOP


def test_the_full_shape_in_colours_at_forty_columns_says_the_same() -> None:
    full = said(PARSER, "ruff/0.17_colours_40")
    assert full[:-1] == SHOP[:-1]
    assert (full[-1][0], full[-1][2]) == (SHOP[-1][0], SHOP[-1][2])


def test_the_full_shape_takes_the_source_that_it_shows() -> None:
    taken = parsed(PARSER, "ruff/0.17_full")
    lines = sample("ruff/0.17_full").lines
    claimed = {i for f in taken.found for i in range(f.first, f.last + 1)}
    claimed |= {i for span in taken.own for i in span}
    left = [line for i, line in enumerate(lines) if i not in claimed and line]
    assert [line.partition(":")[0] for line in left] == ["warning", "warning"]
    assert len(taken.found) == 23


@pytest.mark.parametrize("name", ["0.1_plain", "0.1_source", "0.6_full"])
def test_older_versions_use_the_same_codes(name: str) -> None:
    rows = said(PARSER, f"ruff/{name}")
    assert rows[:2] == SHOP[:2]
    assert ("F821", "shop/cart.py:23", "Undefined name `undefined_name`") in rows
    assert ("invalid-syntax", "shop/cut.py:1") in [row[:2] for row in rows]


def test_a_file_that_would_be_formatted_is_a_complaint() -> None:
    assert said(PARSER, "ruff/0.17_format")[0] == (
        "unformatted",
        "shop/cart.py:0",
        "File would be reformatted",
    )


def test_a_rule_that_does_not_exist_stops_ruff() -> None:
    assert said(PARSER, "ruff/0.17_badconfig") == [
        ("", "", "Unknown rule selector `NOPE` in `select` from the CLI")
    ]


def test_a_clean_run_says_nothing() -> None:
    assert parsed(PARSER, "ruff/0.17_clean").found == ()


@pytest.mark.parametrize(
    "text",
    [
        "shop/cart.py:1:8: F401 'os' imported but unused",  # flake8
        "error[E0382]: borrow of moved value\n --> src/main.rs:3:5",
        "we fixed F401 in shop/cart.py",
        "Found 0 errors.",
    ],
)
def test_what_another_tool_says_is_not_ruffs(text: str) -> None:
    assert silent(PARSER, text)
