"""Another Coordinator of a small mesh: the same authority and the same state, a key of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from common.daemon.home import Home
from common.daemon.lifecycle import Running
from common.daemon.ports import Ports
from coordinator_node.config import Config
from coordinator_node.node import open_node
from tests.support.small_mesh import SmallMesh


@asynccontextmanager
async def second_coordinator(mesh: SmallMesh) -> AsyncGenerator[Running]:
    """Serves until the block ends."""
    home = Home.from_env(str(mesh.home.root.parent / "second"))
    directory = home.directory("coordinator")
    if not (directory / "authority").exists():
        first = mesh.home.directory("coordinator")
        shutil.copytree(first / "authority", directory / "authority")
        (directory / "state.db").symlink_to(first / "state.db")
        for name in ("coordinator", "enrolment"):
            Ports.of(home).remember(name, 0)
    async with open_node(Config(home, grace_s=0.2), mesh.clock) as running:
        yield running
