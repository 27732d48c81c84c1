"""A test that fails and passes, recorded as a person records it."""

from __future__ import annotations

import sys

from tests.support.mesh import Mesh
from tests.support.repository import Repository

PYTEST = ("run", "--", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
BREAK = ('text.split("+")', 'text.split("-")')
MEND = (BREAK[1], BREAK[0])


def fail(mesh: Mesh, repository: Repository) -> None:
    """The test must fail, or the rest would prove nothing."""
    assert mesh.postdevai(*PYTEST, cwd=repository.root).returncode == 1


def succeed(mesh: Mesh, repository: Repository) -> None:
    """The test must pass."""
    done = mesh.postdevai(*PYTEST, cwd=repository.root)
    assert done.returncode == 0, done.stdout


def break_again(mesh: Mesh, repository: Repository) -> None:
    """The same failure, in the working tree."""
    repository.replace("calculator.py", *BREAK)
    fail(mesh, repository)


def break_and_mend(mesh: Mesh, repository: Repository) -> str:
    """Fails, is mended in the working tree, passes, is committed; the commit's id."""
    repository.replace("calculator.py", *BREAK)
    repository.commit("use a minus")
    fail(mesh, repository)
    repository.replace("calculator.py", *MEND)
    succeed(mesh, repository)
    return repository.commit("split at the plus again")
