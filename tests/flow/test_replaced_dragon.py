"""A project at a Dragon that is followed: what waits for that one goes to its follower."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dragon_machines import dragons, machine, ran, told
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

FEW = 3


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Mesh]:
    """The home of the second machine."""
    yield from machine(tmp_path, "second")


@pytest.fixture
def third(tmp_path: Path) -> Iterator[Mesh]:
    """The home of the third machine."""
    yield from machine(tmp_path, "third")


def waits(mesh: Mesh) -> int:
    return int(mesh.json("status", "--json")["outbox"]["waiting"])


def join(mesh: Mesh, other: Mesh, *leader: str) -> str:
    """Another machine with a Dragon, which follows one where one is given; its id."""
    joined = other.postdevai(
        "join", mesh.postdevai("invite", "dragon").stdout.strip(), "--no-start"
    )
    assert joined.returncode == 0, joined.stderr
    found = re.search(r"/dragon/([0-9a-f]{16})", joined.stdout)
    assert found, joined.stdout
    for each in leader:
        follow = [sys.executable, "-m", "dragon_node", "follow", "--leader", each]
        subprocess.run(follow, env=other.env, capture_output=True, timeout=100, check=True)
    done = other.postdevai("up", "--detach")
    assert done.returncode == 0, done.stdout + done.stderr + other.logs()
    assert any(found[1] in dragons(mesh) for _ in until(100)), other.logs()
    return found[1]


def is_pinned(mesh: Mesh, dragon: str) -> bool:
    return mesh.postdevai("nodes", "pin", "calculator", dragon).returncode == 0


def may_lead(mesh: Mesh, leader: str, follower: str) -> bool:
    """Whether it has everything; one that was slow to answer has been struck off for a while."""
    nodes = mesh.json("nodes", "--json")["nodes"]
    return any(n["id"] == leader and follower in n["followers"] for n in nodes)


@pytest.mark.timeout(600)
def test_what_waits_for_a_dragon_goes_to_the_one_that_took_its_place(
    mesh: Mesh, second: Mesh, third: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "calculator")
    mesh.up(repository.root)
    wanted = [ran(mesh, repository, "echo at home")]
    assert any(told(mesh) == wanted for _ in until(100)), mesh.logs()
    leader = join(mesh, second)
    assert any(is_pinned(mesh, leader) for _ in until(100)), mesh.logs()
    follower = join(mesh, third, leader)
    log = third.home / "dragon" / "dragon.log"
    wanted += [ran(mesh, repository, f"echo before {n}") for n in range(FEW)]
    assert any(told(mesh) == wanted for _ in until(100)), (told(mesh), second.logs())
    assert any(may_lead(mesh, leader, follower) for _ in until(100)), second.logs()
    second.kill("dragon")
    wanted += [ran(mesh, repository, f"echo after {n}") for n in range(FEW)]
    assert any("leads the lake" in log.read_text() for _ in until(100)), third.logs()
    assert any(told(mesh) == wanted for _ in until(100)), (told(mesh), mesh.logs(), third.logs())
    assert any(waits(mesh) == 0 for _ in until(100)), mesh.logs()
