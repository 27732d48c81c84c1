"""A small real git repository in which a test can break and mend things."""

from __future__ import annotations

import subprocess
from pathlib import Path

CALCULATOR = """\
def parse(text):
    return [int(part) for part in text.split("+")]


def total(text):
    return sum(parse(text))
"""

TEST = """\
from calculator import total


def test_total_of_two_numbers():
    assert total("2+3") == 5
"""


class Repository:
    """A working copy on disk; every method leaves git as a person would."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def make(cls, root: Path) -> Repository:
        """A calculator with one test, committed."""
        root.mkdir(parents=True)
        made = cls(root)
        made.git("init", "-q", "-b", "main")
        made.write("calculator.py", CALCULATOR)
        made.write("test_calculator.py", TEST)
        made.write(".gitignore", "__pycache__/\n.pytest_cache/\n")
        made.commit("a calculator")
        return made

    def clone(self, root: Path) -> Repository:
        """Another working copy of the same project."""
        subprocess.run(["git", "clone", "-q", self.root, root], check=True)
        return Repository(root)

    def git(self, *args: str) -> str:
        """Git's output."""
        return subprocess.run(
            ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *args],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def write(self, path: str, text: str) -> None:
        """A file's whole content."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """A change to a file; `old` must be there."""
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def commit(self, subject: str) -> str:
        """Everything, committed; the commit's id."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "HEAD")
