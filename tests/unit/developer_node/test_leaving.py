"""A laptop leaves its mesh when a Dragon has all that it recorded, and keeps no key of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon.elsewhere import roles_elsewhere
from common.daemon.home import Home
from common.errors import Conflict, Missing
from common.model.event import CommandFinished, Event
from common.model.ids import WorkingCopyId, new_event_id
from common.rpc.credentials import NodeIdentity
from developer_node.leaving import leave
from developer_node.outbox.outbox import Outbox
from developer_node.text import spool
from tests.support.small_mesh import SmallMesh


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
        said = await leave(home)
    assert "The keys of the mesh are removed" in said
    assert roles_elsewhere(home) == {"developer"}
    (aside,) = home.root.glob("developer-left-*")
    assert (aside / "outbox.db").is_file()
    assert list(home.root.rglob("*.pem")) == []
    assert not (home.root / "developer").exists()


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
