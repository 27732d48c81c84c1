"""What is meant for a Dragon goes to the one that leads since what it led."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from common.clients.replica import LeadClient
from common.errors import Conflict, Unavailable
from tests.support.small_mesh import SmallMesh, open_dragon, open_member, stats

LAKE = "5" * 32


async def led(client: LeadClient) -> None:
    """Takes the lead as soon as the lease of the one that led has ended."""
    async with asyncio.timeout(60):
        while True:
            with suppress(Conflict):
                await client.lead(LAKE)
                return
            await asyncio.sleep(0.05)


async def test_a_lane_of_a_dragon_that_was_replaced_goes_to_the_one_that_leads(
    tmp_path: Path,
) -> None:
    async with SmallMesh.open(tmp_path) as mesh, AsyncExitStack() as stack:
        laptop = await mesh.join("developer")
        membership = await stack.enter_async_context(
            open_member(laptop, mesh.directory("developer"))
        )
        async with open_dragon(mesh, "first") as first:
            old = first.identity.identity
            lane = membership.routed("lake", only=old.uri)
            assert await lane.call(stats) == 1
            second = await stack.enter_async_context(open_dragon(mesh, "second"))
            new = second.identity.identity
            await LeadClient(first.membership).lead(LAKE)
            await LeadClient(first.membership).set_followers(LAKE, 1, [new.id])
            assert await membership.leading(old.uri) == old.uri
        with pytest.raises(Unavailable):  # nobody has taken its place yet
            await lane.call(stats)
        await led(LeadClient(second.membership))
        assert await lane.call(stats) == 1
        assert second.lake.calls == 1
        assert await membership.leading(old.uri) == new.uri
        await mesh.stop()
        assert await lane.call(stats) == 2  # it is remembered
