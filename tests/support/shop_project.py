"""A small project whose tests fail in every way that pytest reports, run by real pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from common.model.event import CommandFinished, Output
from developer_node.text.failures import interpret

CART = """\
class CartError(Exception):
    pass


def price(item):
    table = {"apple": 3}
    return table[item]


def total(items):
    return sum(price(item) for item in items)


def checkout(items):
    try:
        return total(items)
    except KeyError as error:
        raise CartError(f"cannot price order 17 of {len(items)} items") from error
"""

TESTS = """\
import asyncio
import sys

import pytest

sys.path.insert(0, str(__import__("pathlib").Path(__file__).parents[1] / "src"))
from shop.cart import checkout, total


def test_total_of_apples():
    assert total(["apple"]) == 4


def test_unknown_item():
    total(["pear"])


def test_checkout():
    checkout(["pear"])


class TestCart:
    @pytest.mark.parametrize("n", [1, 2])
    def test_many(self, n):
        assert total(["apple"] * n) == 3, "the total is wrong"

    @pytest.mark.parametrize("word", ["a - b", "c::d"])
    def test_words(self, word):
        assert word in ("x", "y")

    def test_dicts(self):
        assert {"a": 1, "b": [1, 2, 3] * 30} == {"a": 2, "b": [1, 2, 4] * 30}


@pytest.fixture
def broken():
    raise OSError(2, "No such file or directory", "/tmp/pytest-of-me/pytest-31/data.json")


def test_with_broken_fixture(broken):
    pass


def test_with_missing_fixture(nothing):
    pass


def test_raises():
    with pytest.raises(ValueError):
        pass


@pytest.mark.skip(reason="later")
def test_skipped():
    pass


@pytest.mark.xfail
def test_expected():
    assert 0


def test_good():
    assert total(["apple"]) == 3


def test_that_prints_a_traceback_and_a_banner():
    print("Traceback (most recent call last):")
    print('  File "x.py", line 1, in <module>')
    print("ValueError: printed")
    print("=========== FAILURES are printed here ===========")
    print("________ test_never ________")
    print("E   ValueError: printed")
    pytest.fail("no good: status 404")


def test_lambda():
    (lambda: total(["kiwi"]))()


async def helper():
    raise ValueError("out of stock")


def test_async():
    asyncio.run(helper())
"""


def make(root: Path) -> Path:
    """Writes the project."""
    for path, text in {
        "src/shop/__init__.py": "",
        "src/shop/cart.py": CART,
        "tests/test_cart.py": TESTS,
        "tests/deep/empty.txt": "",
        "broken/test_import.py": "import no_such_module_here\n",
        "broken/test_syntax.py": "def f(:\n    pass\n",
        "pytest.ini": "[pytest]\n",
    }.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def run(
    root: Path, *args: str, cwd: str = "", env: Mapping[str, str] | None = None
) -> CommandFinished:
    """What the laptop makes of a real run, without the plugins that happen to be installed."""
    xdist = ("-p", "xdist") if "-n2" in args else ()
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *xdist, *args]
    plain = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return command(root, argv, cwd=cwd, env=plain | dict(env or {}))


def command(
    root: Path, argv: Sequence[str], *, cwd: str = "", env: Mapping[str, str] | None = None
) -> CommandFinished:
    """Any command, in the project."""
    clean = {k: v for k, v in os.environ.items() if k not in ("CI", "BUILD_NUMBER", "COLUMNS")}
    clean["PYTHONDONTWRITEBYTECODE"] = "1"
    where = str(root / cwd)
    done = subprocess.run(
        argv,
        cwd=where,
        env=clean | dict(env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    text = done.stdout.decode("utf-8", "replace")
    finished = CommandFinished(" ".join(argv), where, (done.returncode,), 1, Output(text))
    return interpret(finished, str(root))
