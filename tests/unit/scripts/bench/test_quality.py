"""A floor under the quality of search, on a small set that is the same on every machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.bench.material import installed
from scripts.bench.material.functions import drawn, of_module, of_packages
from scripts.bench.quality import measured
from tests.support.models import models_dir as models_dir

FUNCTIONS, QUERIES = 1_000, 250
MRR_FLOOR, RECALL_FLOOR = 0.84, 0.95
"""Measured: .869 and .976."""


@pytest.mark.timeout(600)
async def test_a_docstring_finds_its_function_and_better_than_either_list_alone(
    models_dir: Path, tmp_path: Path
):
    """Through the whole way in and out: chunked, indexed, embedded, gathered and fused."""
    functions = drawn(of_packages(installed.directories()), FUNCTIONS)
    found = await measured(functions, QUERIES, tmp_path)
    assert len(functions) == FUNCTIONS
    assert found.fused.mrr >= MRR_FLOOR
    assert found.fused.recall_10 >= RECALL_FLOOR
    assert found.fused.mrr > max(found.words.mrr, found.vectors.mrr)


def test_a_function_is_told_without_its_docstring_and_without_its_name_in_the_path():
    source = (
        "class Shop:\n"
        "    @property\n"
        "    def total(self):\n"
        '        """The sum of all prices in the cart.\n\n        More.\n        """\n'
        "        prices = [p for p in self]\n"
        "        return sum(prices)\n"
    )
    (one,) = of_module("shop/cart.py", source)
    assert one.path == "shop/cart/Shop/3.py"
    assert one.question == "The sum of all prices in the cart."
    assert one.text == (
        "@property\ndef total(self):\n    prices = [p for p in self]\n    return sum(prices)\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    """Too short."""\n    a = 1\n    return a\n',
        'def f():\n    """There is nothing left to find then."""\n',
        "def f():\n    a = 1\n    b = 2\n    return a + b\n",
        'def __init__(self):\n    """What nobody would ask for."""\n    a = 1\n    return a\n',
        "def broken(:\n",
    ],
)
def test_what_makes_no_question_is_left_out(source: str):
    assert list(of_module("a.py", source)) == []


def test_what_is_drawn_does_not_depend_on_what_else_there_is():
    body = '    """A question of a few words."""\n    a = 1\n    b = 2\n    return a + b\n'
    some = [f for n in range(20) for f in of_module(f"m{n}.py", f"def f{n}():\n{body}")]
    few = drawn(some, 5)
    assert [f for f in drawn(some[:10], 10) if f in few] == [f for f in few if f in some[:10]]
