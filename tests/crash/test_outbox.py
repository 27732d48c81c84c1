"""A thousand commands while the Dragon is away and the laptop's daemon dies: all arrive, once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.model.event import CommandFinished
from tests.support.flowing import Flow, emptied, everything, is_numbered, laptop
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

COMMANDS = 1_000


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[Mesh]:
    """Not started yet; nothing of it is left at the end."""
    made = Mesh(tmp_path / "home")
    yield made
    made.close()


@pytest.mark.timeout(240)
async def test_a_thousand_commands_arrive_exactly_once_and_in_order(
    mesh: Mesh, tmp_path: Path
) -> None:
    """Killed twice: once while it reads the spool, once while all lies in its outbox."""
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    flow = Flow(mesh, repository.root)
    mesh.kill("dragon")
    began = flow.recorded()
    with ThreadPoolExecutor(1) as beside:
        written = beside.submit(flow.write, COMMANDS)
        _recorded(flow, began + COMMANDS // 3, mesh)
        mesh.kill("developer")
        written.result()
    assert flow.recorded() < began + COMMANDS, "or it was not killed in the middle"
    alone = _daemon_alone(mesh)
    _recorded(flow, began + COMMANDS, mesh)
    assert mesh.json("status", "--json")["outbox"]["waiting"] >= COMMANDS
    mesh.kill("developer")
    alone.wait(timeout=10)
    mesh.up()
    emptied(mesh)
    async with laptop(mesh) as client:
        arrived = [e for e in await everything(client) if is_numbered(e)]
        assert [int(e.event.id, 16) for e in arrived] == list(range(1, COMMANDS + 1))
        for number in range(1, COMMANDS + 1, 97):
            event, _ = flow.numbered(number)
            whole, _ = await client.event(event.id)
            assert isinstance(whole.body, CommandFinished)
            assert whole == event, "with its output"
        assert (await client.status()).outbox.gaps == 0


def _daemon_alone(mesh: Mesh) -> subprocess.Popen[bytes]:
    """The laptop's daemon without those that it needs."""
    log = (mesh.home / "developer" / "alone.log").open("wb")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "developer_node"],
            env=mesh.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _recorded(flow: Flow, wanted: int, mesh: Mesh) -> None:
    for _ in until(60):
        if flow.recorded() >= wanted:
            return
    raise AssertionError(f"{flow.recorded()} of {wanted}\n{mesh.logs()}")
