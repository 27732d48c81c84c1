"""What is left out whatever git says: our own directory changes with everything that is seen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from developer_node.watch.ignoring import Ignoring


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = (tmp_path / "code").resolve()
    (root / "deep" / "home" / "dragon").mkdir(parents=True)
    (root / "deep" / "home" / "dragon" / "journal.db").write_text("x")
    (root / "deep" / "home.py").write_text("x")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def test_our_own_directory_is_not_looked_into(root: Path) -> None:
    ours = Ignoring(root, never=root / "deep" / "home")
    assert "deep/home" in ours.below("")
    asked = ["deep/home", "deep/home/dragon/journal.db", "deep/home.py"]
    assert ours.among(asked) == {"deep/home", "deep/home/dragon/journal.db"}


def test_without_it_git_alone_decides(root: Path) -> None:
    plain = Ignoring(root, never=root.parent / "elsewhere")
    assert plain.below("").listed == frozenset()
    assert plain.among(["deep/home/dragon/journal.db"]) == frozenset()
