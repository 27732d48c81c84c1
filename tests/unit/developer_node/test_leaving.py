"""A laptop leaves its mesh when a Dragon has all that it recorded, and keeps no key of it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from common.clients.replica import known_nodes
from common.daemon.elsewhere import roles_elsewhere
from common.daemon.home import Home
from common.errors import Conflict, Denied, Missing
from common.model.event import CommandFinished, Event
from common.model.ids import WorkingCopyId, new_event_id
from common.rpc.credentials import NodeIdentity
from coordinator_node.node import open_gateway
from developer_node.leaving import leave
from developer_node.outbox.outbox import Outbox
from developer_node.text import spool
from dragon_node.replica.leaving import leave as dragon_leaves
from tests.support.small_mesh import SmallMesh, open_member


def ran() -> Event:
    body = CommandFinished("make", "/code", (0,), 1)
    return Event(new_event_id(), 1_000, WorkingCopyId("1" * 16), body)


async def laptop(mesh: SmallMesh, home: Home) -> Path:
    """Its directory, in which no daemon runs."""
    place = home.identity_directory("developer")
    await NodeIdentity.open(place, code=await mesh.code("developer"))
    return home.directory("developer")


async def test_what_waits_keeps_a_laptop_and_then_its_keys_are_gone(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    async with SmallMesh.open(tmp_path) as mesh:
        directory = await laptop(mesh, home)
        async with Outbox.open(directory / "outbox.db") as outbox:
            far = await outbox.lane("f" * 16)
            outbox.lane_of = lambda event: far
            await outbox.append([(ran(), {})])
        with pytest.raises(Conflict, match="1 record waits here"):
            await leave(home)
        assert (directory / "identity" / "leaf.pem").is_file()
        async with Outbox.open(directory / "outbox.db") as outbox:
            await (await outbox.lane("f" * 16)).acknowledge(1)
        waits = spool.write(directory / "spool", ran(), {})
        with pytest.raises(Conflict, match="1 record waits here"):
            await leave(home)
        waits.unlink()
        copied = await asyncio.to_thread(
            shutil.copytree, directory / "identity", tmp_path / "copied"
        )
        said = await leave(home)
        thief = await NodeIdentity.open(copied)
        with pytest.raises(Denied, match="no longer welcome"):
            await known_nodes(thief)
        own = thief.identity.id
        async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
            assert gateway.members.left() == {own}
            last = (await gateway.audit.lines())[-1]
            assert (last.action, last.who) == ("revoke", thief.identity.uri)
    assert f"refused as {own}" in said
    assert "The keys of the mesh are removed" in said
    assert roles_elsewhere(home) == {"developer"}
    (aside,) = home.root.glob("developer-left-*")
    assert (aside / "outbox.db").is_file()
    assert list(home.root.rglob("*.pem")) == []
    assert not (home.root / "developer").exists()


async def test_away_from_the_coordinator_it_says_that_it_is_not_put_out(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    async with SmallMesh.open(tmp_path) as mesh:
        directory = await laptop(mesh, home)
        own = (await NodeIdentity.open(directory / "identity")).identity.id
        await mesh.stop()
        said = await leave(home)
        assert "not put out of the mesh yet" in said and f"postdevai revoke {own}" in said
        assert list(home.root.rglob("*.pem")) == []
        async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
            assert not gateway.members.denied()


async def test_among_the_nodes_it_is_said_to_have_left_as_the_dragon_is_and_another_is_not(
    tmp_path: Path,
) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    async with SmallMesh.open(tmp_path) as mesh:
        directory = await laptop(mesh, home)
        dragon = home.identity_directory("dragon")
        await NodeIdentity.open(dragon, code=await mesh.code("dragon"))
        stolen = await mesh.join("developer", "stolen")
        for place in (directory / "identity", dragon, mesh.directory("stolen")):
            async with open_member(await NodeIdentity.open(place), place, ()):
                pass
        await mesh.revoke(stolen.identity)
        await leave(home)
        assert "It is put out of the mesh" in await dragon_leaves(home)
        other = await mesh.join("developer", "other")
        nodes = await known_nodes(other)
        told = {(node.role, node.put_out, node.left) for node in nodes}
        assert told >= {
            ("developer", True, True), ("dragon", True, True), ("developer", True, False)
        }  # fmt: skip
        assert {node.state for node in nodes if node.put_out} == {"gone"}


async def test_the_laptop_with_the_owners_key_stays(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    async with SmallMesh.open(tmp_path) as mesh:
        directory = await laptop(mesh, home)
        (directory / "owner.key").write_bytes(b"x")
        with pytest.raises(Conflict, match="the owner's key"):
            await leave(home)
    assert (directory / "identity" / "leaf.pem").is_file()


async def test_where_there_is_no_laptop_nothing_leaves(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        await leave(Home.from_env(str(tmp_path / "home")))
