"""`postdevai mesh`: what the Coordinator's own program says, and its exit codes, pass through."""

from __future__ import annotations

import json
from pathlib import Path

from common.clock import SystemClock
from common.daemon.home import Home
from common.daemon.locks import only_instance
from coordinator_node.gateway.authority import Authority
from tests.support.typed import Terminal


def _home(tmp_path: Path) -> Path:
    """With a Coordinator that does not run."""
    home = Home.from_env(str(tmp_path / "home"))
    Authority.make(home.directory("coordinator") / "authority", SystemClock())
    return home.root


async def test_the_engine_is_told_where_the_coordinator_is(tmp_path: Path) -> None:
    terminal = Terminal(_home(tmp_path), tmp_path)
    told = await terminal.type("mesh", "engine")
    assert (told.code, told.out.splitlines()[0]) == (0, "engine   sqlite")
    data = json.loads((await terminal.type("mesh", "--json")).out)
    assert (data["engine"], data["error"]) == ("sqlite", None)
    assert data["holds"]["jobs"] == {"waiting": 0, "claimed": 0, "dead": 0, "done": 0}


async def test_elsewhere_it_says_where_to_type_it(tmp_path: Path) -> None:
    told = await Terminal(tmp_path / "home", tmp_path).type("mesh")
    assert (told.code, told.out) == (1, "")
    assert "no Coordinator on this machine" in told.err


async def test_a_move_is_refused_while_the_coordinator_runs(tmp_path: Path) -> None:
    home = _home(tmp_path)
    with only_instance(Home(home).lock_path("coordinator"), "coordinator"):
        told = await Terminal(home, tmp_path).type("mesh", "migrate", "--to", "nats")
    assert (told.code, told.out) == (4, "")
    assert not (home / "coordinator" / "engine.toml").exists()


async def test_a_move_there_and_back_by_hand(tmp_path: Path) -> None:
    terminal = Terminal(_home(tmp_path), tmp_path)
    there = await terminal.type("mesh", "migrate", "--to", "nats")
    assert there.code == 0, there.err
    assert "The state is in nats now" in there.out
    back = await terminal.type("mesh", "migrate", "--to", "sqlite", "--json")
    data = json.loads(back.out)
    assert (data["before"], data["after"]) == ("nats", "sqlite")
    assert [part["port"] for part in data["parts"]] == ["kv", "leases", "log", "queue"]
