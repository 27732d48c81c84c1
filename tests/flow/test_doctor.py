"""The doctor over a real mesh: nothing of a healthy one, and what was done to it by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

OF_A_MESH_HERE = {"lake-not-ram", "model-missing", "model-fit", "disk-full"}
"""What a machine that tests run on may lack, and only a mesh that works on it can tell."""


def found(mesh: Mesh) -> dict[str, Any]:
    said = mesh.json("doctor", "--json", codes=range(6))
    assert said["well"] == (not said["findings"])
    return {each["name"]: each for each in said["findings"]}


def found_until(mesh: Mesh, names: set[str], at_first: set[str]) -> dict[str, Any]:
    """The first time that exactly these are named, beside what the machine lacked at first."""
    now: dict[str, Any] = {}
    for _ in until(60):
        now = found(mesh)
        if set(now) - at_first - OF_A_MESH_HERE == names:
            return now
    raise AssertionError(f"{names} expected, beside {at_first}: {now}\n{mesh.logs()}")


@pytest.mark.timeout(300)
def test_nothing_of_a_healthy_mesh_and_each_fault_by_its_name(mesh: Mesh, tmp_path: Path) -> None:
    at_first = set(found(mesh))
    assert "no-mesh" in at_first, "the control"
    at_first.remove("no-mesh")
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    found_until(mesh, set(), at_first)

    assert mesh.postdevai("pause").returncode == 0
    assert "resume" in found_until(mesh, {"paused"}, at_first)["paused"]["next"]
    assert mesh.postdevai("resume").returncode == 0

    key = mesh.home / "developer" / "identity" / "key.pem"
    key.chmod(0o644)
    now = found_until(mesh, {"secret-open"}, at_first)
    assert f"chmod 600 {key}" in now["secret-open"]["next"]
    key.chmod(0o600)

    (repository.root / ".postdevai.toml").write_text("[record\n")
    for _ in until(60):
        if "settings-broken" in found(mesh):
            break
    else:
        raise AssertionError(found(mesh))
    (repository.root / ".postdevai.toml").unlink()

    mesh.kill("dragon")
    for _ in until(60):
        now = found(mesh)
        if {"dragon-away", "stale-pid"} <= set(now):
            break
    else:
        raise AssertionError(now)
    assert now["dragon-away"]["next"].endswith("postdevai up")
    assert mesh.postdevai("doctor").returncode >= 3
    mesh.up(repository.root)
    found_until(mesh, set(), at_first)
