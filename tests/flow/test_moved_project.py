"""Two Dragons with a lake each: a project moves while it is recorded, and a kill is survived."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dragon_machines import dragons, machine, ran, told
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

BEFORE, WHILE, AFTER = 3, 8, 3


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Mesh]:
    """The home of the second machine."""
    yield from machine(tmp_path, "second")


def holder(mesh: Mesh, project: str) -> str:
    """Where the project would be asked about; empty for nowhere."""
    said = mesh.json("nodes", "route", project, "--json", codes=(0, 1, 69))
    return next((each["id"] for each in said.get("nodes", ()) if each["rank"] == 1), "")


@pytest.mark.timeout(400)
def test_a_project_moves_while_it_is_recorded_and_nothing_is_lost_or_doubled(
    mesh: Mesh, second: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "calculator")
    mesh.up(repository.root)
    (first,) = dragons(mesh)
    wanted = [ran(mesh, repository, f"echo before {n}") for n in range(BEFORE)]
    assert any(told(mesh) == wanted for _ in until(60)), mesh.logs()

    joined = second.postdevai("join", mesh.postdevai("invite", "dragon").stdout.strip())
    assert joined.returncode == 0, joined.stdout + joined.stderr + second.logs()
    assert any(len(dragons(mesh)) == 2 for _ in until(60)), second.logs()
    (new,) = [each for each in dragons(mesh) if each != first]

    recorder = threading.Thread(
        target=lambda: wanted.extend(ran(mesh, repository, f"echo while {n}") for n in range(WHILE))
    )
    recorder.start()
    try:
        pin = [sys.executable, "-m", "developer_node.front.cli", "nodes", "pin", "calculator", new]
        with subprocess.Popen(pin, env=mesh.env, stdout=-3, stderr=-3) as broken:
            second.kill("dragon")
            broken.wait(timeout=100)
        started = second.postdevai("up", "--detach")
        assert started.returncode == 0, started.stdout + started.stderr + second.logs()
        assert any(_pinned(mesh, new) for _ in until(100)), mesh.logs() + second.logs()
    finally:
        recorder.join()
    wanted += [ran(mesh, repository, f"echo after {n}") for n in range(AFTER)]
    assert any(told(mesh) == wanted for _ in until(100)), (told(mesh), mesh.logs(), second.logs())
    assert any(holder(mesh, "calculator") == new for _ in until(60)), mesh.logs()
    assert any(_waits(mesh) == 0 for _ in until(60)), mesh.logs()


def _pinned(mesh: Mesh, dragon: str) -> bool:
    return mesh.postdevai("nodes", "pin", "calculator", dragon).returncode == 0


def _waits(mesh: Mesh) -> int:
    return int(mesh.json("status", "--json")["outbox"]["waiting"])
