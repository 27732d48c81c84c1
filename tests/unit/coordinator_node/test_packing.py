"""A Coordinator in one file: on another machine it is the same one, and here it is no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon.elsewhere import roles_elsewhere
from common.daemon.home import Home
from common.daemon.ports import Ports
from common.errors import Conflict, Corrupt, Denied, Invalid, Missing
from coordinator_node.node import open_gateway
from coordinator_node.packing import pack, unpack
from tests.support.small_mesh import SmallMesh, open_dragon, open_member, stats


def places(tmp_path: Path) -> tuple[Path, Path]:
    """For the file and its key, which do not lie together."""
    for name in ("disk", "drawer"):
        (tmp_path / name).mkdir()
    return tmp_path / "disk" / "coordinator.pd", tmp_path / "drawer" / "key"


async def test_moved_to_another_home_it_serves_the_same_mesh(tmp_path: Path) -> None:
    """A laptop that joined before calls the Dragon through it afterwards."""
    to, key = places(tmp_path)
    async with SmallMesh.open(tmp_path) as mesh:
        laptop = await mesh.join("developer")
        before, address = mesh.identity_uri, mesh.address
        await mesh.stop()
        assert "put aside" in pack(mesh.home, to, key, move=True)
        assert roles_elsewhere(mesh.home) == {"coordinator"}
        with pytest.raises(Missing):
            await mesh.start()
        mesh.home = Home.from_env(str(tmp_path / "elsewhere"))
        assert roles_elsewhere(mesh.home) == frozenset()
        unpack(mesh.home, to, key)
        assert roles_elsewhere(mesh.home) == {"dragon", "developer"}, "they stayed where they were"
        ports = Ports.of(mesh.home)
        ports.remember("coordinator", int(address.rpartition(":")[2]))
        ports.remember("enrolment", 0)
        await mesh.start()
        assert (mesh.identity_uri, mesh.address) == (before, address)
        async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
            assert (found := await gateway.audit.check()).is_whole, found
            assert found.lines
            (mesh.home.directory("coordinator") / "audit.log").write_bytes(b"")
            assert not (await gateway.audit.check()).is_whole
        async with open_dragon(mesh), open_member(laptop, mesh.directory("developer")) as member:
            assert await member.routed("lake").call(stats) == 1


async def test_a_copy_is_made_while_it_serves_and_leaves_it_there(tmp_path: Path) -> None:
    to, key = places(tmp_path)
    async with SmallMesh.open(tmp_path) as mesh:
        joined = await mesh.join("developer")
        pack(mesh.home, to, key, move=False)
        with pytest.raises(Conflict, match="already"):
            unpack(mesh.home, to, key)
        assert joined.identity.id.encode() not in to.read_bytes()
        with pytest.raises(Conflict):
            pack(mesh.home, to, key, move=False)


async def test_what_cannot_be_opened_leaves_nothing(tmp_path: Path) -> None:
    to, key = places(tmp_path)
    async with SmallMesh.open(tmp_path) as mesh:
        pack(mesh.home, to, key, move=False)
    elsewhere = Home.from_env(str(tmp_path / "elsewhere"))
    with pytest.raises(Missing):
        unpack(elsewhere, tmp_path / "nothing", key)
    other = tmp_path / "other"
    other.write_text("ab" * 32 + "\n")
    with pytest.raises(Denied):
        unpack(elsewhere, to, other)
    to.write_bytes(to.read_bytes()[:-5])
    with pytest.raises(Corrupt):
        unpack(elsewhere, to, key)
    assert not (elsewhere.root / "coordinator").exists()


async def test_the_key_never_lies_beside_what_it_opens(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        with pytest.raises(Invalid, match="beside"):
            pack(mesh.home, tmp_path / "a", tmp_path / "key", move=False)
