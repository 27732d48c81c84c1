"""One node's clock jumps by an hour: work goes on, and what is refused is refused by name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from common.clients.membership import Membership
from tests.support.small_mesh import ShiftedClock, SmallMesh, open_dragon, open_member, stats

HOUR_MS = 3_600_000
WAIT_S = 60


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
@pytest.mark.parametrize("who", ["coordinator", "dragon", "laptop"])
async def test_one_clock_that_jumps_an_hour_stops_no_work(
    tmp_path: Path, who: str, jump_ms: int
) -> None:
    """Of whichever node; tickets from before the jump, and new ones. Of the Coordinator's the
    others have to hear first."""
    clocks = {name: ShiftedClock() for name in ("dragon", "laptop")}
    async with (
        asyncio.timeout(WAIT_S),
        SmallMesh.open(tmp_path) as mesh,
        open_dragon(mesh, clock=clocks["dragon"]) as dragon,
    ):
        clocks["coordinator"] = mesh.clock
        node = await mesh.join("developer")
        directory = mesh.directory("developer")
        async with open_member(node, directory, clock=clocks["laptop"]) as membership:
            lake = membership.routed("lake")
            await lake.call(stats)
            clocks[who].shift_ms = jump_ms
            if who == "coordinator":
                await _told(mesh.clock, membership, dragon.membership)
            await lake.call(stats)
            await membership.resolve("lake", fresh=True)
            await lake.call(stats)
            assert dragon.lake.calls == 3
            assert membership.connected
            assert dragon.membership.connected


async def _told(clock: ShiftedClock, *nodes: Membership) -> None:
    """Until each has heard the Coordinator's time once since its clock jumped: within a second,
    in which a call may be refused because its ticket has expired."""
    while any(abs(each._time._told_ms - clock.now_ms()) > HOUR_MS / 2 for each in nodes):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def test_what_a_coordinator_an_hour_ahead_signs_is_good_at_once(tmp_path: Path) -> None:
    """Its own certificate is new at each start, and TLS of the others goes by their clocks."""
    async with asyncio.timeout(WAIT_S), SmallMesh.open(tmp_path) as mesh:
        await mesh.stop()
        mesh.clock.shift_ms = HOUR_MS
        await mesh.start()
        async with open_dragon(mesh) as dragon:
            node = await mesh.join("developer")
            async with open_member(node, mesh.directory("developer")) as membership:
                await membership.routed("lake").call(stats)
                assert dragon.lake.calls == 1
