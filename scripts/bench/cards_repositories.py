"""Repositories in which known failures come back, without a test runner that takes its time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.mesh import Mesh
from tests.support.repository import Repository

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
CHECK = """\
#!/bin/sh
# Says what pytest said when it ran here, at once.
fails=$(grep -l '{}' $1.py 2>/dev/null || grep -l '{}' *_part*.py | head -1)
[ -z "$fails" ] && cat .said/passed && exit 0
cat .said/$1
exit 1
"""
STAND_IN = "thing00"
"""What real runs are of; in their text another name of the same length is put in."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What pytest printed, of the part that `STAND_IN` names."""

    one: str
    all: str
    passed: str


def printed(root: Path, parts: int) -> Printed:
    """Real runs, once; what they say of others differs in a name of the same length."""
    repository = _broken(root.parent / STAND_IN, parts)

    def ran(*words: str) -> str:
        done = subprocess.run(
            [*PYTEST, *words], cwd=repository.root, capture_output=True, text=True, check=False
        )
        return done.stdout

    one, every = ran(f"test_{STAND_IN}_part0.py"), ran()
    for i in range(parts):
        repository.write(f"{STAND_IN}_part{i}.py", _answers())
    passed = ran()
    assert f"{parts} failed" in every and f"{parts + 1} passed" in passed, every + passed
    repository.root.rename(root)
    return Printed(one, every, passed)


def _broken(root: Path, parts: int) -> Repository:
    repository = Repository.make(root)
    # roots made alike in one second would be one root, and one project
    repository.git("commit", "-q", "--amend", "-m", root.name)
    for i in range(parts):
        part = f"{root.name}_part{i}"
        repository.write(f"{part}.py", _fails(part))
        test = f"import {part}\n\n\ndef test_{part}():\n    assert {part}.answer() == 1\n"
        repository.write(f"test_{part}.py", test)
    repository.commit("parts that do not answer")
    return repository


def repository_of(root: Path, printed: Printed, parts: int) -> Repository:
    repository = _broken(root, parts)
    name = root.name
    repository.write(".said/all", printed.all.replace(STAND_IN, name))
    repository.write(".said/passed", printed.passed.replace(STAND_IN, name))
    for i in range(parts):
        part = f"{name}_part{i}"
        repository.write(f".said/{part}", printed.one.replace(f"{STAND_IN}_part0", part))
    repository.write("check", CHECK)
    (repository.root / "check").chmod(0o755)
    repository.commit("a check")
    return repository


def learn(made: Mesh, repository: Repository, parts: int) -> None:
    run = ("run", "--", "./check", "all")
    failed = made.postdevai(*run, cwd=repository.root)
    assert failed.returncode == 1, failed.stdout + failed.stderr
    for i in range(parts):
        repository.write(f"{repository.root.name}_part{i}.py", _answers())
    passed = made.postdevai(*run, cwd=repository.root)
    assert passed.returncode == 0, passed.stdout
    repository.commit("parts that answer")


def _fails(part: str) -> str:
    return f"def answer():\n    return {{}}['{part}']\n"


def _answers() -> str:
    return "def answer():\n    return 1\n"


def break_again(repository: Repository, part: str) -> None:
    """As it was when it failed for the first time, but for a comment."""
    repository.write(f"{part}.py", "# again\n" + _fails(part))


def mend(repository: Repository, part: str) -> None:
    """As it was when it passed."""
    repository.write(f"{part}.py", _answers())
