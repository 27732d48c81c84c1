"""The owner's rules for tools are in force on every node a moment after they were written."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from grpc.aio import AioRpcError, Channel, Metadata

from common.clients.registry import RegistryClient
from common.errors import Denied, Invalid
from common.rpc.channel import open_channel
from common.rpc.status import error_from_rpc
from tests.support.small_mesh import SmallMesh, open_dragon, stats

WAIT_S = 100
NO_STATS = """@id("no-stats")
forbid (principal in Role::"tool", action == Action::"LakeService/Stats", resource);
"""
NO_NODES = """@id("no-nodes")
forbid (principal in Role::"tool", action == Action::"RegistryService/ListNodes", resource);
"""


def write(mesh: SmallMesh, text: str) -> None:
    directory = mesh.home.directory("coordinator") / "policies"
    directory.mkdir(exist_ok=True)
    (directory / "mine.cedar").write_text(text)


def remove(mesh: SmallMesh) -> None:
    (mesh.home.directory("coordinator") / "policies" / "mine.cedar").unlink()


async def refused(channel: Channel, metadata: Metadata) -> Denied:
    """The first refusal."""
    while True:
        try:
            await stats(channel, metadata)
            await asyncio.sleep(0.05)  # a tool that asks without a pause is limited
        except AioRpcError as error:
            found = error_from_rpc(error)
            assert isinstance(found, Denied), found
            return found


async def test_a_rule_of_the_owner_is_in_force_on_a_dragon_and_ends_with_its_file(
    tmp_path: Path,
) -> None:
    async with (
        asyncio.timeout(WAIT_S),
        SmallMesh.open(tmp_path) as mesh,
        open_dragon(mesh) as dragon,
    ):
        tool, laptop = await mesh.join("tool"), await mesh.join("developer")
        ways: list[tuple[str, Metadata]] = []
        for each in (tool, laptop):
            async with open_channel(mesh.address, mesh.identity_uri, each) as channel:
                (route,) = await RegistryClient(channel).resolve("lake", "", "")
            ways.append((route.identity, Metadata(("authorization", f"Bearer {route.ticket}"))))
        (there, mine), (_, others) = ways
        async with (
            open_channel(dragon.address, there, tool) as channel,
            open_channel(dragon.address, there, laptop) as other,
        ):
            await stats(channel, mine)  # the control
            write(mesh, NO_STATS)
            error = await refused(channel, mine)
            assert "tool may not call LakeService/Stats" in error.message
            assert error.hint == "forbidden by mine.cedar: no-stats"
            await stats(other, others)
            remove(mesh)
            while dragon.membership._word.said.rules:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await stats(channel, mine)


async def test_rules_that_cannot_be_read_change_nothing_and_are_written_down(
    tmp_path: Path,
) -> None:
    async with asyncio.timeout(WAIT_S), SmallMesh.open(tmp_path) as mesh:
        tool = await mesh.join("tool")
        async with open_channel(mesh.address, mesh.identity_uri, tool) as channel:
            client = RegistryClient(channel)
            write(mesh, NO_NODES)
            with pytest.raises(Denied, match="may not call RegistryService/ListNodes"):
                while True:
                    await client.nodes()
                    await asyncio.sleep(0.05)
            write(mesh, "forbid everything")
            log = mesh.home.directory("coordinator") / "audit.log"
            while "is not a file of rules" not in log.read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            with pytest.raises(Denied):
                await client.nodes()
        await mesh.stop()
        with pytest.raises(Invalid, match=r"mine\.cedar is not a file of rules"):
            await mesh.start()
        remove(mesh)
        await mesh.start()
