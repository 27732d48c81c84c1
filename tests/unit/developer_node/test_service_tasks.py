"""`postdevai tasks` as a process, by the laptop's door, at a real Coordinator."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.daemon.files import write_private
from common.daemon.home import Home, Ready
from common.daemon.locks import only_instance
from common.rpc.server import open_local_server
from developer_node.service_tasks import TaskDoor
from tests.support.small_mesh import SmallMesh, open_member
from tests.support.typed import Terminal

TOKEN = "a-token-of-this-start"
PATIENCE_S = 60.0
pytestmark = pytest.mark.timeout(300)
"""Each command is a process of its own."""


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncGenerator[SmallMesh]:
    async with SmallMesh.open(tmp_path) as mesh:
        yield mesh


@pytest.fixture
async def terminal(mesh: SmallMesh, tmp_path: Path) -> AsyncGenerator[Terminal]:
    """Before a laptop's daemon that has nothing but this door."""
    home = Home.from_env(str(tmp_path / "home"))
    socket = home.runtime_directory() / "developer.sock"
    token_file = home.directory("developer") / "token"
    write_private(token_file, TOKEN.encode())
    identity = await mesh.join("developer")
    with only_instance(home.lock_path("developer"), "developer"):
        async with open_member(identity, mesh.directory("developer")) as membership:
            door = TaskDoor(membership)  # pyright: ignore[reportAbstractUsage]
            server = await open_local_server(socket, TOKEN, door.add)
            extra = {"socket": str(socket), "token_file": str(token_file)}
            home.write_ready(Ready("developer", os.getpid(), str(socket), 1, "0.1.0", extra))
            try:
                yield Terminal(tmp_path / "home", tmp_path)
            finally:
                await server.stop(0)
                socket.unlink(missing_ok=True)


async def test_a_task_is_submitted_shown_ended_and_tried_again(terminal: Terminal) -> None:
    assert (await terminal.type("tasks")).out.startswith("No task is known.")
    submitted = await terminal.type("tasks", "submit", "snapshot", "--key", "k", "--json")
    task = submitted.json
    assert (submitted.code, task["state"], task["key"]) == (0, "waiting", "k")
    again = await terminal.type("tasks", "submit", "snapshot", "--key", "k")
    assert again.err == "There was one of this key already.\n"
    cancelled = await terminal.type("tasks", "cancel", task["id"][:4])
    assert (cancelled.code, "State      cancelled" in cancelled.out) == (0, True)
    assert (await terminal.type("tasks", "retry", task["id"], "--json")).json["state"] == "waiting"
    listed = (await terminal.type("tasks", "list", "--state", "waiting", "--json")).json
    assert [each["id"] for each in listed["tasks"]] == [task["id"]]
    none = (await terminal.type("tasks", "list", "--state", "dead", "--json")).json
    assert none == {"tasks": [], "left_out": 0}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "zz"), 1, "There is no task 'zz'\n  postdevai tasks lists them.\n"),
        (("submit", "reindex"), 2, "Reindex needs a project\n  Add --project NAME.\n"),
        (("submit", "snapshot", "--project", "thing"), 2, "Snapshot takes no project\n"),
        (("submit", "snapshot", "--node", "nosuch"), 1, "No node nosuch was ever let in\n"),
        (("submit", "prove"), 2, "A proof needs a remedy, and nothing else does.\n"),
        (("submit", "snapshot", "--remedy", "r"), 2, "A proof needs a remedy"),
        (("submit", "prove", "--remedy", "r", "--json"), 2, "With --json nobody is asked.\n"),
    ],
)
async def test_a_refusal_says_what_to_do(
    terminal: Terminal, words: tuple[str, ...], code: int, said: str
) -> None:
    done = await terminal.type("tasks", *words)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(said)


async def test_a_person_who_says_no_to_a_proof_has_submitted_nothing(terminal: Terminal) -> None:
    said = await terminal.type("tasks", "submit", "prove", "--remedy", "r", stdin=b"n\n")
    assert said.code == 1
    assert (await terminal.type("tasks", "--json")).json["tasks"] == []


async def test_without_a_coordinator_it_is_said_who_is_away(
    terminal: Terminal, mesh: SmallMesh
) -> None:
    await mesh.stop()
    done = await terminal.type("tasks")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("The Coordinator cannot be reached")
    assert "postdevai up" in done.err


async def test_whoever_watches_sees_what_is_submitted_meanwhile(terminal: Terminal) -> None:
    await terminal.type("tasks", "submit", "snapshot")
    watching = await terminal.begin("tasks", "watch")
    try:
        assert watching.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            assert b"snapshot" in await watching.stdout.readline()
            submitted = await terminal.type("tasks", "submit", "compact", "--json")
            line = await watching.stdout.readline()
        assert line.startswith(submitted.json["id"][:8].encode())
    finally:
        watching.kill()
        await watching.communicate()
