"""The three nodes as services: real units, real daemons, a real socket that hears READY=1."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from developer_node.front.service.files import ROLES
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository
from tests.support.unit_runner import Unit


@pytest.fixture
def units(mesh: Mesh, tmp_path: Path) -> Iterator[dict[str, Unit]]:
    """Of a mesh that `up` made, and that does not run."""
    mesh.up(Repository.make(tmp_path / "thing").root)
    mesh.down()
    done = mesh.postdevai("service", "install", "all", "--root", str(tmp_path / "package"))
    assert done.returncode == 0, done.stderr
    made: dict[str, Unit] = {}
    with ExitStack() as stack:
        for role in ROLES:
            (path,) = (tmp_path / "package").rglob(f"postdevai-{role}.service")
            unit = made[role] = Unit(path)
            stack.callback(unit.close)
        yield made


@pytest.mark.timeout(300)
@pytest.mark.skipif(os.uname().sysname != "Linux", reason="these are units of systemd's")
def test_units_serve_are_left_by_down_drain_when_stopped_and_come_back_when_killed(
    mesh: Mesh, units: dict[str, Unit]
) -> None:
    for role in ROLES:
        units[role].start()
        units[role].socket.until("READY=1", seconds=120)
    for _ in until(60):
        if mesh.json("status", "--json")["dragon_unavailable"] is None:
            break
    else:
        raise AssertionError(mesh.logs())
    pids = {role: mesh.pid(role) for role in ROLES}
    down = mesh.postdevai("down")
    assert down.returncode == 4 and "postdevai service stop all" in down.stderr
    assert {role: mesh.pid(role) for role in ROLES} == pids, "all go on"
    for role in reversed(ROLES):
        assert units[role].stop() == 0, mesh.logs()
        units[role].socket.until("STOPPING=1")
    shown = mesh.postdevai("service", "logs", "dragon", "-n", "1")
    assert shown.stdout.endswith("stopped\n")

    # Settings that make no sense are not tried again, and a kill is.
    dragon = units["dragon"]
    code = dragon.start(POSTDEVAI_LAKE_BYTES="much").wait(60)
    assert code == 2 and not dragon.starts_again_after(code)
    process = dragon.start()
    dragon.socket.until("READY=1", times=2, seconds=120)
    process.kill()
    assert dragon.starts_again_after(process.wait(60))
