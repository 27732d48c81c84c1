"""`postdevai join` against a real Coordinator."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.clients.membership import Membership
from common.daemon.elsewhere import roles_elsewhere, went
from common.daemon.files import write_private
from common.daemon.home import Home
from common.errors import Conflict, Denied
from common.model.node import Node
from common.rpc.certificates import key_from_pem, read_leaf
from common.rpc.credentials import NodeIdentity
from common.rpc.join_code import new_code
from coordinator_node.gateway.authority import Authority
from developer_node.front.joining import join_mesh
from tests.support.small_mesh import ShiftedClock, SmallMesh


def run(module: str, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        env=os.environ | {"POSTDEVAI_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=100,
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
    assert (nobody.returncode, "postdevai join CODE --to" in nobody.stderr) == (1, True)


def test_a_directory_for_a_tool_takes_a_tool_and_only_once(
    coordinator: Path, tmp_path: Path
) -> None:
    """A code that is refused for its role, or for the place, is as good as before."""
    home, to = tmp_path / "home", tmp_path / "tool"
    laptop = code(coordinator, "developer")
    mistaken = run("developer_node.front.cli", home, "join", laptop, "--to", str(to))
    assert (mistaken.returncode, "is for a developer" in mistaken.stderr) == (2, True)
    assert not (to / "leaf.pem").exists()
    assert not (home / "developer").exists()
    file = tmp_path / "file"
    file.write_text("")
    tool = code(coordinator, "tool")
    no_place = run("developer_node.front.cli", home, "join", tool, "--to", str(file))
    assert (no_place.returncode, "Traceback" in no_place.stderr) == (4, False)
    joined = run("developer_node.front.cli", home, "join", tool, "--to", str(to))
    assert joined.returncode == 0, joined.stderr
    again = run("developer_node.front.cli", home, "join", laptop, "--to", str(to))
    assert (again.returncode, "renew" in again.stderr) == (4, True)
    taken = run("developer_node.front.cli", home, "join", "--no-start", laptop)
    assert taken.returncode == 0, taken.stderr
    second = code(coordinator, "developer")
    other = run("developer_node.front.cli", home, "join", second)
    assert (other.returncode, "has one already" in other.stderr) == (4, True)
    spare = run("developer_node.front.cli", tmp_path / "b", "join", "--no-start", second)
    assert spare.returncode == 0, spare.stderr


def test_a_code_with_a_wrong_letter_is_wrong_usage(tmp_path: Path) -> None:
    joined = run("developer_node.front.cli", tmp_path / "home", "join", "pd1.nonsense")
    assert joined.returncode == 2
    assert "Traceback" not in joined.stderr


def test_join_starts_the_node_and_it_is_in_the_mesh(coordinator: Path, tmp_path: Path) -> None:
    """A second machine runs with one command, and is stopped with one."""
    home = tmp_path / "second"
    home.mkdir(mode=0o700)
    (home / "ports.json").write_text('{"dragon": 0, "dragon_metrics": 0}')
    joined = run("developer_node.front.cli", home, "join", "--json", code(coordinator, "dragon"))
    try:
        assert joined.returncode == 0, joined.stderr
        said = json.loads(joined.stdout)
        assert said["started"] == ["dragon"]
        assert "started, pid" in joined.stderr
        ready = Home(home).ready("dragon")
        assert ready is not None
        assert ready.address.startswith("127.0.0.1:")  # its Coordinator is on this machine
        known = asyncio.run(nodes_of(coordinator, tmp_path / "developer"))
        assert [(node.id, node.state) for node in known if node.role == "dragon"] == [
            (said["id"], "serving")
        ]
    finally:
        stopped = run("developer_node.front.cli", home, "down", "--free")
    assert stopped.returncode == 0, stopped.stderr
    assert Home(home).ready("dragon") is None


async def nodes_of(coordinator: Path, directory: Path) -> tuple[Node, ...]:
    node = await NodeIdentity.open(directory / "identity", code=code(coordinator, "developer"))
    async with Membership.open(node, directory=directory) as membership:
        return await membership.nodes()


def test_a_coordinator_that_is_not_there_is_named_with_every_address(tmp_path: Path) -> None:
    nobody = [free_address(), free_address()]
    text = new_code("00" * 32, tuple(nobody)).text
    joined = run("developer_node.front.cli", tmp_path / "home", "join", text)
    assert joined.returncode == 3
    assert all(f"{each} (refused)" in joined.stderr for each in nobody)


async def test_a_home_may_be_several_nodes_of_one_mesh_and_of_no_other(tmp_path: Path) -> None:
    """A laptop whose Dragon has left becomes one again; a mistaken code mixes nothing."""
    async with (
        SmallMesh.open(tmp_path / "one") as mesh,
        SmallMesh.open(tmp_path / "two") as another,
    ):
        home = Home.from_env(str(tmp_path / "home"))
        await join_mesh(await mesh.code("developer"), home, None)
        went(home, ("dragon", "coordinator"))
        with pytest.raises(Conflict, match="another mesh"):
            await join_mesh(await another.code("dragon"), home, None)
        assert sorted(path.name for path in home.root.iterdir()) == ["developer", "elsewhere"]
        joined = await join_mesh(await mesh.code("dragon"), home, None)
        assert joined.directory == home.root / "dragon" / "identity"
        assert roles_elsewhere(home) == {"coordinator"}


async def test_a_clock_that_is_off_is_named_and_the_code_is_still_good(tmp_path: Path) -> None:
    day_ms = 24 * 3_600_000
    async with SmallMesh.open(tmp_path) as mesh:
        spent = await mesh.code("developer")
        place = tmp_path / "laptop" / "identity"
        with pytest.raises(Denied, match="clock of this machine is at least 22 h behind"):
            await NodeIdentity.open(place, code=spent, clock=ShiftedClock(-day_ms))
        with pytest.raises(Denied, match="clock of this machine is at least 24 h ahead"):
            await NodeIdentity.open(place, code=spent, clock=ShiftedClock(2 * day_ms))
        assert (await NodeIdentity.open(place, code=spent)).identity.role == "developer"


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
