"""Two Dragons of one lake as processes: the first is killed, and nothing of it is missed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dragon_machines import machine, ran
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

FEW = 5


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Mesh]:
    """The home of the second machine."""
    yield from machine(tmp_path, "second")


def commands(mesh: Mesh) -> list[str]:
    """What the Dragon remembers of them, oldest first."""
    told = mesh.json("history", "--json", "--kind", "command", "--limit", "100")
    assert not told.get("away"), told
    return [event["command"] for event in reversed(told["events"])]


def named(mesh: Mesh) -> str:
    """The Dragon's id."""
    found = mesh.json("nodes", "--json")["nodes"]
    return next(node["id"] for node in found if node["role"] == "dragon")


def logged(mesh: Mesh, words: str) -> bool:
    log = mesh.home / "dragon" / "dragon.log"
    return log.exists() and words in log.read_text()


def follows(second: Mesh, leader: str, code: str) -> None:
    """A second machine, from its code to everything that the first one has."""
    joined = second.postdevai("join", code, "--no-start")
    assert joined.returncode == 0, joined.stderr
    told = subprocess.run(
        [sys.executable, "-m", "dragon_node", "follow", "--leader", leader],
        env=second.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    done = second.postdevai("up", "--detach")
    assert done.returncode == 0, done.stdout + done.stderr + second.logs()


@pytest.mark.timeout(300)
def test_the_second_goes_on_where_the_first_was_killed(
    mesh: Mesh, second: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "calculator")
    mesh.up(repository.root)
    code = mesh.postdevai("invite", "dragon").stdout.strip()
    follows(second, named(mesh), code)
    assert any(logged(mesh, "has everything") for _ in until(60)), mesh.logs() + second.logs()

    for number in range(FEW):
        ran(mesh, repository, f"echo before {number}")
    assert any(len(commands(mesh)) == FEW for _ in until(60)), mesh.logs()
    mesh.kill("dragon")
    for number in range(FEW):
        ran(mesh, repository, f"echo after {number}")
    assert any(logged(second, "leads the lake") for _ in until(60)), second.logs()
    wanted = [f"sh -c 'echo {when} {n}'" for when in ("before", "after") for n in range(FEW)]
    assert any(_told(mesh) == wanted for _ in until(60)), (_told(mesh), second.logs())

    mesh.up()  # the first one again: it follows now, and takes nothing in by itself
    assert any(logged(second, "has everything") for _ in until(60)), mesh.logs() + second.logs()
    second.kill("dragon")
    ran(mesh, repository, "echo home again")
    wanted.append("sh -c 'echo home again'")
    assert any(_told(mesh) == wanted for _ in until(60)), (_told(mesh), mesh.logs())


def _told(mesh: Mesh) -> list[str]:
    """As far as a Dragon can be asked now."""
    done = mesh.postdevai("history", "--json", "--kind", "command", "--limit", "100")
    return commands(mesh) if done.returncode == 0 and '"away": true' not in done.stdout else []
