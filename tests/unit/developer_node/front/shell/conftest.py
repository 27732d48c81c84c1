"""Repositories to stand on, made by git as a person makes them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Git = Callable[..., str]


def run_git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    own = ["-c", "protocol.file.allow=always", "-c", "commit.gpgSign=false"]
    command = ["git", *who, *own, "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def git() -> Git:
    return run_git


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit: a.py, sub/b.py, and a .gitignore that names *.log."""
    root = tmp_path / "repo"
    (root / "sub").mkdir(parents=True)
    run_git(root, "init")
    (root / "a.py").write_text("a = 1\n")
    (root / "sub" / "b.py").write_text("b = 1\n")
    (root / ".gitignore").write_text("*.log\n")
    run_git(root, "add", ".")
    run_git(root, "commit", "-m", "first")
    return root


@pytest.fixture
def listing() -> Callable[[Path], dict[str, tuple[int, int, bytes]]]:
    """Every file below a directory with its time of change, mode and content."""

    def list_all(root: Path) -> dict[str, tuple[int, int, bytes]]:
        found: dict[str, tuple[int, int, bytes]] = {}
        for directory, _, names in os.walk(root):
            for name in names:
                path = Path(directory, name)
                status = path.lstat()
                content = b"" if path.is_symlink() else path.read_bytes()
                found[str(path)] = (status.st_mtime_ns, status.st_mode, content)
        return found

    return list_all
