"""The Coordinator as a person starts it: real processes, one round."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from common.clients.membership import Membership
from common.daemon.home import Home
from common.daemon.ports import Ports
from common.errors import Unavailable
from common.rpc.credentials import NodeIdentity


def command(home: Home, *words: str) -> list[str]:
    return [sys.executable, "-m", "coordinator_node", *words, "--home", str(home.root)]


def run(home: Home, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(home, *words), capture_output=True, text=True, timeout=60)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose Coordinator takes free ports."""
    made = Home.from_env(str(tmp_path / "home"))
    for name in ("coordinator", "enrolment"):
        Ports.of(made).remember(name, 0)
    return made


@contextmanager
def serving(home: Home) -> Generator[subprocess.Popen[str]]:
    """A Coordinator that says it is ready."""
    process = subprocess.Popen(command(home, "serve"), stderr=subprocess.PIPE, text=True)
    try:
        while home.ready("coordinator") is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                raise AssertionError(process.communicate()[1])
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_mesh_is_made_joined_used_and_stopped(home: Home) -> None:
    assert run(home, "init").returncode == 0
    assert run(home, "init").returncode == 0
    with serving(home) as process:
        code = run(home, "invite", "developer", "--admin").stdout.strip()
        asyncio.run(use(home, code))
        second = run(home, "serve")
        assert second.returncode == 4
        assert f"runs already (pid {process.pid})" in second.stderr
        process.send_signal(signal.SIGTERM)
        _, complaint = process.communicate(timeout=30)
        assert (process.returncode, complaint) == (0, "")
        assert home.ready("coordinator") is None


async def use(home: Home, code: str) -> None:
    """What a laptop does with a code: joins, registers, resolves, invites."""
    node = await NodeIdentity.open(home.identity_directory("developer"), code=code)
    directory = home.directory("developer") / "mesh"
    async with Membership.open(node, directory=directory) as membership:
        assert membership.connected
        assert [each.role for each in await membership.nodes()] == ["coordinator", "developer"]
        with pytest.raises(Unavailable, match="no node offers lake now"):
            await membership.resolve("lake")
        assert (await membership.invite("dragon")).code.startswith("pd1.")


def test_a_code_from_before_the_start_is_good(home: Home) -> None:
    code = run(home, "init", "--invite", "dragon").stdout.split()[1]
    with serving(home):
        node = asyncio.run(NodeIdentity.open(home.identity_directory("dragon"), code=code))
        assert node.identity.role == "dragon"


def test_nodes_follow_a_coordinator_that_had_to_take_another_port(home: Home) -> None:
    """Its usual port was taken when it came back; its nodes on this machine find it."""
    run(home, "init")
    with serving(home):
        code = run(home, "invite", "developer").stdout.strip()
        asyncio.run(NodeIdentity.open(home.identity_directory("developer"), code=code))
    for name in ("coordinator", "enrolment"):
        Ports.of(home).remember(name, 0)

    async def nodes_and_renew() -> int:
        node = await NodeIdentity.open(home.identity_directory("developer"))
        await node.renew()
        async with Membership.open(node, directory=home.directory("developer") / "m") as member:
            return len(await member.nodes())

    with serving(home):
        assert asyncio.run(nodes_and_renew()) == 2


def test_a_revoked_node_stays_out(home: Home) -> None:
    run(home, "init")
    with serving(home):
        code = run(home, "invite", "developer").stdout.strip()
        node = asyncio.run(NodeIdentity.open(home.identity_directory("developer"), code=code))
        assert run(home, "revoke", node.identity.id).returncode == 0
        assert run(home, "revoke", "0" * 16).returncode == 1


@pytest.mark.parametrize("words", [["serve"], ["invite", "tool"], ["revoke", "a"]])
def test_without_a_mesh_the_line_to_type_is_said(home: Home, words: list[str]) -> None:
    done = run(home, *words)
    assert done.returncode == 1
    assert "coordinator-node init" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_coordinator_leaves_nothing_that_stops_the_next(home: Home) -> None:
    run(home, "init")
    with serving(home) as process:
        process.kill()
        process.wait()
        assert home.ready("coordinator") is None
    with serving(home):
        assert home.ready("coordinator") is not None


def test_a_port_that_was_asked_for_and_is_taken_is_refused(home: Home) -> None:
    run(home, "init")
    with serving(home):
        ready = home.ready("coordinator")
        assert ready is not None
        port = ready.address.rpartition(":")[2]
        other = Home.from_env(str(home.root.parent / "other"))
        run(other, "init")
        done = run(other, "serve", "--port", port)
        assert done.returncode == 4
        assert f"port {port} on 127.0.0.1 is taken" in done.stderr
