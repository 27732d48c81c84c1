"""A mesh whose state lies on three servers: one of them dies, and callers see nothing."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from common.clock import SystemClock
from common.errors import Unavailable
from coordinator_node.engine.settings import NatsSettings
from coordinator_node.inspecting import inspect
from coordinator_node.migrating import migrate
from tests.support.nats_servers import nats_servers
from tests.support.small_mesh import SmallMesh, open_dragon, open_member, stats

PATIENCE_S = 90.0


@pytest.mark.timeout(400)
async def test_a_mesh_on_three_servers_lives_on_when_the_one_that_leads_is_killed(
    tmp_path: Path,
) -> None:
    """Calls by a cached route go on at once; a new node is let in when the others agree."""
    async with SmallMesh.open(tmp_path) as mesh:
        await mesh.stop()
        with nats_servers(mesh.home.directory("coordinator"), 3) as servers:
            await servers.space()  # all of them have met
            there = NatsSettings("new", servers.urls, 3)
            await migrate(mesh.home, "nats", SystemClock(), lambda _: None, there)
            await mesh.start()
            try:
                async with open_dragon(mesh) as dragon:
                    node = await mesh.join("developer")
                    async with open_member(node, mesh.directory("developer")) as membership:
                        routed = membership.routed("lake")
                        assert await routed.call(stats) == 1
                        leader = (await inspect(mesh.home, SystemClock()))["leader"]
                        servers.kill(int(leader[1:]))
                        for _ in range(10):
                            before = dragon.lake.calls
                            assert await routed.call(stats) > before
                        await _let_in(mesh)
                        await membership.wait_until(connected=True)
                        await dragon.membership.wait_until(connected=True)
            finally:
                await mesh.stop()


async def _let_in(mesh: SmallMesh) -> None:
    """As a person would: typed again while the engine says that it does not agree."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            await mesh.join("developer", "second")
            return
        except Unavailable:
            assert time.monotonic() < end, "two servers of three never agreed"
