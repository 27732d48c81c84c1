"""Machines of one minor version apart work together; two apart are named on both, with what to do.

The second machine's programs find another version in their metadata, before the one that is
installed: nothing else about them differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from common.versions import numbers
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Mesh]:
    """Another machine's HOME."""
    made = Mesh(tmp_path / "other")
    yield made
    made.close()


def is_of(mesh: Mesh, directory: Path, wanted: str) -> None:
    """From now on that machine's programs are of this version."""
    place = directory / wanted / f"postdevai-{wanted}.dist-info"
    place.mkdir(parents=True)
    said = f"Metadata-Version: 2.1\nName: postdevai\nVersion: {wanted}\n"
    (place / "METADATA").write_text(said)
    mesh.env["PYTHONPATH"] = str(place.parent)


def arrives(mesh: Mesh, of: Mesh, repository: Repository, word: str) -> None:
    """What one machine records is remembered on the other."""
    done = of.postdevai("run", "--", "echo", word, cwd=repository.root)
    assert done.returncode == 0, done.stderr
    for _ in until(120):
        said = mesh.json("history", "--json", "--kind", "command", codes=(0, 1, 3))
        if any(word in str(each) for each in said.get("events", [])):
            return
    raise AssertionError(f"{word} did not arrive\n{mesh.logs()}\n{of.logs()}")


def listed(mesh: Mesh, wanted: str) -> str:
    """What `nodes` prints once a node of that version serves."""
    for _ in until(60):
        known = mesh.json("nodes", "--json")["nodes"]
        if any(each["version"] == wanted and each["state"] == "serving" for each in known):
            return mesh.postdevai("nodes").stdout
    raise AssertionError(f"no node of {wanted} serves\n{mesh.logs()}")


def apart(mesh: Mesh) -> list[str]:
    """What `doctor` finds of versions, and what it says to type."""
    found = mesh.json("doctor", "--json", codes=(0, 3, 4))["findings"]
    return [f"{e['sentence']} {e['next']}" for e in found if e["name"] == "versions-apart"]


@pytest.mark.timeout(600)
def test_one_minor_apart_works_together_and_two_are_named_on_both_machines(
    mesh: Mesh, other: Mesh, tmp_path: Path
) -> None:
    own = version("postdevai")
    major, minor = numbers(own) or (0, 0)
    near, far = f"{major}.{minor + 1}.0", f"{major}.{minor + 2}.0"
    repository = Repository.make(tmp_path / "thing")
    mesh.up(wait="ready")
    code = mesh.postdevai("invite", "developer").stdout.strip()

    is_of(other, tmp_path, near)
    joined = other.postdevai("join", code)
    assert joined.returncode == 0, joined.stdout + joined.stderr + other.logs()
    arrives(mesh, other, repository, "one-apart")
    for each in (mesh, other):
        assert "too far" not in listed(each, near) and not apart(each)
    other.down()

    is_of(other, tmp_path, far)
    up = other.postdevai("up", "--detach")
    assert up.returncode == 0, up.stdout + up.stderr + other.logs()
    said = f"Version {far} is too far from {own}; bring both to one version: postdevai upgrade"
    for each in (mesh, other):
        assert said in listed(each, far)
    (here,) = apart(mesh)
    assert f"runs version {far}, too far from {own}, this program's" in here
    assert "postdevai upgrade --to WHEEL" in here
    there = apart(other)
    assert there and all(f"{own}, too far from {far}, this program's" in each for each in there)
    arrives(mesh, other, repository, "two-apart")
