"""A red for want of something new is told from a red that a fix mends."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.model.event import PathChange
from common.model.failure import Failure
from developer_node.proof.newness import new_names, wanted
from tests.support.proofs import git


def blob(root: Path, text: str) -> str:
    (root / "text").write_text(text)
    return git(root, "hash-object", "-w", "text")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


def test_names_are_new_that_only_the_later_sources_hold(root: Path) -> None:
    old, new = blob(root, "def add(a): pass"), blob(root, "def add(a): pass\ndef mul(b): pass")
    changes = [
        PathChange("calc.py", old, new),
        PathChange("shop/pears.py", "", blob(root, "PEARS = 1")),
        PathChange("gone.py", blob(root, "def gone(): pass"), ""),
        PathChange("README.md", "", blob(root, "words")),
    ]
    assert new_names(root, changes) == {"mul", "b", "pears", "PEARS"}


@pytest.mark.parametrize(
    ("code", "headline", "name"),
    [
        ("ImportError", "cannot import name 'mul' from 'calc' (/srv/calc.py)", "mul"),
        ("ModuleNotFoundError", "No module named 'shop.pears'", "pears"),
        ("AttributeError", "module 'calc' has no attribute 'mul'", "mul"),
        ("NameError", "name 'mul' is not defined", "mul"),
        ("TypeError", "add() got an unexpected keyword argument 'mul'", "mul"),
        ("ImportError", "cannot import name 'add' from partially initialized module 'calc'", ""),
        ("AttributeError", "'NoneType' object has no attribute 'add'", ""),
        ("AssertionError", "assert -3 == 5", ""),
    ],
)
def test_a_failure_for_want_of_a_new_name_is_known(code: str, headline: str, name: str) -> None:
    failure = Failure("pytest", code, "test", headline, headline, headlines=(headline,))
    assert wanted(failure, {"mul", "pears"}) == name
