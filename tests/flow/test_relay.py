"""A laptop whose every call goes through the Coordinator records, finds and asks as any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

pytestmark = pytest.mark.timeout(300)

WAIT_S = 60.0


def connects_to(mesh: Mesh, role: str, other: str) -> bool:
    """Whether one daemon has a connection to the port of another."""
    address = json.loads((mesh.home / other / "ready.json").read_text())["address"]
    port = int(address.rpartition(":")[2])
    made = psutil.Process(mesh.pid(role)).net_connections(kind="tcp")
    return any(each.raddr and each.raddr.port == port for each in made)


def test_recording_searching_and_asking_go_by_the_relay(tmp_path: Path) -> None:
    """The owner's key is made at the founding, and signs the Dragon's before the first call."""
    mesh = Mesh(tmp_path / "home", POSTDEVAI_RELAY="only")
    try:
        repository = Repository.make(tmp_path / "thing")
        mesh.up(repository.root)
        found: Any = None
        for _ in until(WAIT_S):
            found = mesh.json("search", "--json", "--literal", "def total")
            if "away" not in found["freshness"] and found["hits"]:
                break
        assert [hit["path"] for hit in found["hits"]] == ["calculator.py"], mesh.logs()
        asked = mesh.json("ask", "--json", "where is the total")
        assert "calculator.py" in json.dumps(asked["citations"])
        assert connects_to(mesh, "coordinator", "dragon")
        assert not connects_to(mesh, "developer", "dragon")
        assert (mesh.home / "developer" / "owner.key").stat().st_mode & 0o077 == 0
    finally:
        mesh.close()
