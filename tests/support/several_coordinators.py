"""A small mesh whose state lies on a NATS server, and one more Coordinator that joined it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from common.clock import SystemClock
from common.daemon.home import Home
from common.daemon.lifecycle import Running
from common.daemon.ports import Ports
from coordinator_node.config import Config
from coordinator_node.engine.settings import NatsSettings
from coordinator_node.joining import Joined, join
from coordinator_node.migrating import migrate
from coordinator_node.node import open_gateway, open_node
from tests.support.nats_servers import NatsServers, nats_servers
from tests.support.small_mesh import SmallMesh


def new_home(path: Path) -> Home:
    """Whose Coordinator takes free ports."""
    home = Home.from_env(str(path))
    for name in ("coordinator", "enrolment"):
        Ports.of(home).remember(name, 0)
    return home


@asynccontextmanager
async def mesh_on_nats(root: Path) -> AsyncGenerator[tuple[SmallMesh, NatsServers]]:
    """Its Coordinator serves; the server of the engine was started by hand."""
    async with SmallMesh.open(root) as mesh:
        await mesh.stop()
        with nats_servers(mesh.home.directory("coordinator"), 1) as servers:
            there = NatsSettings("new", servers.urls, 1)
            await migrate(mesh.home, "nats", SystemClock(), lambda _: None, there)
            await mesh.start()
            try:
                yield mesh, servers
            finally:
                await mesh.stop()


async def joined(mesh: SmallMesh, home: Home) -> Joined:
    """One more Coordinator, by a code of the first; it does not run yet."""
    given = await code(mesh)
    return await join(given, home, SystemClock())


async def code(mesh: SmallMesh) -> str:
    """For one more Coordinator."""
    async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
        given = await gateway.enrolment.invite_coordinator((mesh.enrolment_address,), by="owner")
    return given.code


@asynccontextmanager
async def serving(home: Home) -> AsyncGenerator[Running]:
    """That Coordinator, until the block ends."""
    async with open_node(Config(home, grace_s=0.2), SystemClock()) as running:
        yield running
