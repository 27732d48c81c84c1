"""`postdevai join` against a real Coordinator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.daemon.files import write_private
from common.daemon.home import Home
from common.rpc.certificates import key_from_pem, read_leaf
from coordinator_node.gateway.authority import Authority
from tests.support.small_mesh import ShiftedClock


def run(module: str, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        env=os.environ | {"POSTDEVAI_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def coordinator(tmp_path: Path) -> Iterator[Path]:
    """A HOME whose Coordinator serves, in the background."""
    home = tmp_path / "mesh"
    assert run("coordinator_node", home, "init").returncode == 0
    serving = subprocess.Popen(
        [sys.executable, "-m", "coordinator_node", "serve", "--home", str(home)],
        stdout=subprocess.DEVNULL,
    )
    try:
        while Home(home).ready("coordinator") is None:
            assert serving.poll() is None, "it ended before it served"
        yield home
    finally:
        serving.terminate()
        serving.wait(30)


def code(coordinator: Path, role: str) -> str:
    return run("coordinator_node", coordinator, "invite", role).stdout.strip()


def leave_ended(coordinator: Path, directory: Path) -> None:
    """The leaf there is one that ended two days ago."""
    key = key_from_pem((directory / "key.pem").read_bytes()).public_key()
    identity = read_leaf((directory / "leaf.pem").read_bytes()).identity
    past = ShiftedClock(-3 * 24 * 3_600_000)
    authority = Authority.open(coordinator / "coordinator" / "authority", past)
    write_private(directory / "leaf.pem", authority.issue(identity, key))


def test_a_machine_joins_once_and_its_place_is_the_role_of_the_code(
    coordinator: Path, tmp_path: Path
) -> None:
    home = tmp_path / "laptop"
    spent = code(coordinator, "developer")
    joined = run("developer_node.front.cli", home, "join", "--json", "--no-start", spent)
    assert joined.returncode == 0, joined.stderr
    said = json.loads(joined.stdout)
    assert said["role"] == "developer"
    assert said["directory"] == str(home / "developer" / "identity")
    assert {"key.pem", "leaf.pem", "ca.pem"} <= set(os.listdir(said["directory"]))
    assert [p.name for p in home.iterdir()] == ["developer"]
    again = run("developer_node.front.cli", home, "join", code(coordinator, "developer"))
    assert (again.returncode, "already" in again.stderr) == (4, True)
    elsewhere = run("developer_node.front.cli", tmp_path / "other", "join", spent)
    assert (elsewhere.returncode, "used already" in elsewhere.stderr) == (4, True)


def test_a_tool_gets_files_that_any_client_can_use(coordinator: Path, tmp_path: Path) -> None:
    to = tmp_path / "tool"
    spent = code(coordinator, "tool")
    joined = run("developer_node.front.cli", tmp_path / "home", "join", spent, "--to", str(to))
    assert joined.returncode == 0, joined.stderr
    ready = Home(coordinator).ready("coordinator")
    assert ready is not None
    assert (to / "coordinator.address").read_text().strip() == ready.address
    node_id = ready.extra["identity"].rsplit("/", 1)[1]
    name = (to / "coordinator.name").read_text().strip()
    assert name == f"{node_id}.coordinator.postdevai"
    assert (to / "key.pem").stat().st_mode & 0o077 == 0


def test_a_tool_renews_only_what_is_past_two_thirds(coordinator: Path, tmp_path: Path) -> None:
    home, to = tmp_path / "home", tmp_path / "tool"
    run("developer_node.front.cli", home, "join", code(coordinator, "tool"), "--to", str(to))
    before = (to / "leaf.pem").read_bytes()
    early = run("developer_node.front.cli", home, "renew", str(to), "--json")
    assert early.returncode == 0, early.stderr
    assert json.loads(early.stdout)["renew_from"] < json.loads(early.stdout)["valid_until"]
    assert (to / "leaf.pem").read_bytes() == before
    leave_ended(coordinator, to)
    late = run("developer_node.front.cli", home, "renew", str(to))
    assert late.returncode == 0, late.stderr
    assert (to / "leaf.pem").read_bytes() != before
    nobody = run("developer_node.front.cli", home, "renew", str(tmp_path / "nothing"))
    assert (nobody.returncode, "has not joined" in nobody.stderr) == (1, True)


def test_a_code_with_a_wrong_letter_is_wrong_usage(tmp_path: Path) -> None:
    joined = run("developer_node.front.cli", tmp_path / "home", "join", "pd1.nonsense")
    assert joined.returncode == 2
    assert "Traceback" not in joined.stderr
