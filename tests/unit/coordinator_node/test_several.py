"""Several Coordinators over one engine: how one comes, what all of them share, how one leaves."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from common.clients.registry import RegistryClient
from common.clock import SystemClock
from common.daemon.elsewhere import roles_elsewhere
from common.errors import Conflict, Denied, Invalid, Missing, PostDevAIError, Unavailable
from common.model.ids import NodeId
from common.rpc.channel import open_channel
from common.rpc.credentials import NodeIdentity
from common.rpc.join_code import read_code
from coordinator_node.adopting import adopt
from coordinator_node.engine.settings import read_settings
from coordinator_node.gateway import engine_leaf
from coordinator_node.gateway.acts import OWNER
from coordinator_node.gateway.authority import Authority
from coordinator_node.joining import join
from coordinator_node.leaving import leave
from coordinator_node.migrating import migrate
from coordinator_node.node import open_gateway
from tests.support.several_coordinators import code, joined, mesh_on_nats, new_home, serving
from tests.support.small_mesh import SmallMesh, forged, open_member
from tests.support.typed import Terminal

WAIT_S = 60.0


async def test_two_coordinators_are_one_mesh(tmp_path: Path) -> None:
    """The codes, the members and the revocations of one are the other's, too."""
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, _):
        home = new_home(tmp_path / "second")
        made = await joined(mesh, home)
        assert made.identity.uri != mesh.identity_uri
        assert made.identity.mesh == mesh.authority().mesh
        assert roles_elsewhere(home) == {"dragon", "developer"}  # `up` makes none of them here
        assert not (home.root / "joining").exists()
        held = [path for path in home.directory("coordinator").rglob("*") if path.is_file()]
        assert held and all(path.stat().st_mode & 0o077 == 0 for path in held)
        async with serving(home) as second:
            assert second.extra["identity"] == made.identity.uri
            for_second = await mesh.code("developer")
            text = read_code(for_second)
            there = (second.extra["enrolment_address"],)
            moved = type(text)(text.id, text.secret, text.pin, there).text
            laptop = await NodeIdentity.open(mesh.directory("laptop"), code=moved)
            assert laptop.mesh.coordinator_identity == made.identity.uri
            async with open_channel(mesh.address, mesh.identity_uri, laptop) as channel:
                assert await RegistryClient(channel).nodes()
            async with open_gateway(home, SystemClock()) as (gateway, _):
                await gateway.acts.revoke(OWNER, laptop.identity.id)
            with pytest.raises(Denied, match="no longer welcome"):
                while True:  # a second later at most
                    async with open_channel(mesh.address, mesh.identity_uri, laptop) as channel:
                        await RegistryClient(channel).nodes()


async def test_a_coordinator_without_a_server_renews_what_it_shows_to_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_leaf, "LOOK_S", 0.05)
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, _):
        home = new_home(tmp_path / "second")
        await joined(mesh, home)
        async with serving(home):
            leaf = home.directory("coordinator") / "engine" / "tls" / "leaf.pem"
            leaf.unlink()
            while not leaf.exists():  # noqa: ASYNC110 - another task
                await asyncio.sleep(0.05)


async def test_a_code_makes_one_coordinator_and_only_where_there_is_none(tmp_path: Path) -> None:
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, _):
        given = await code(mesh)
        with pytest.raises(Conflict, match="there is a Coordinator in"):
            await join(given, mesh.home, SystemClock())
        with pytest.raises(Missing, match=r"nats\.conf"):
            await join(given, new_home(tmp_path / "none"), SystemClock(), tmp_path / "nothing")
        with pytest.raises(Invalid, match="for another node"):
            await join(await mesh.code("dragon"), new_home(tmp_path / "no"), SystemClock())
        await join(given, new_home(tmp_path / "second"), SystemClock())
        third = new_home(tmp_path / "third")
        with pytest.raises(Denied, match="was used already"):
            await join(given, third, SystemClock())
        assert not (third.root / "coordinator" / "authority").exists()


async def test_a_machine_that_does_not_become_a_coordinator_keeps_no_key_of_the_mesh(
    tmp_path: Path,
) -> None:
    """The code is good still, on that machine."""
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, _):
        home, given = new_home(tmp_path / "second"), await code(mesh)
        other = forged(Authority.make(tmp_path / "other", SystemClock()), "dragon")
        leaf = home.identity_directory("dragon") / "leaf.pem"
        leaf.write_bytes(other.credential.leaf_pem)
        with pytest.raises(Conflict, match="a dragon of another mesh"):
            await join(given, home, SystemClock())
        ca_key = (mesh.home.root / "coordinator" / "authority" / "ca.key").read_bytes()
        held = [path for path in home.root.rglob("*") if path.is_file()]
        assert all(ca_key not in path.read_bytes() for path in held)
        assert not (home.root / "coordinator").exists()
        leaf.unlink()
        assert (await join(given, home, SystemClock())).identity.role == "coordinator"


async def test_the_one_that_founded_the_mesh_can_be_put_out_by_another(tmp_path: Path) -> None:
    """Its nodes go to the other. None puts itself out: who would let it in again?"""
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, _):
        home, node = new_home(tmp_path / "second"), await mesh.join("developer")
        made = await joined(mesh, home)
        founder = mesh.identity_uri.rpartition("/")[2]
        async with serving(home), open_member(node, mesh.directory("developer")) as laptop:
            while len(node.coordinators) < 2:  # noqa: ASYNC110 - another task
                await asyncio.sleep(0.05)
            epoch = laptop.epoch
            async with open_gateway(home, SystemClock()) as (gateway, _):
                with pytest.raises(Conflict, match="the Coordinator that you ask"):
                    await gateway.acts.revoke(OWNER, made.identity.id)
                assert (await gateway.acts.revoke(OWNER, founder[:8])).role == "coordinator"
            while not (laptop.connected and laptop.epoch > epoch):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            assert await laptop.nodes()
            async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
                with pytest.raises(Unavailable, match="no longer welcome in its mesh"):
                    await RegistryClient(channel).nodes()
            await mesh.stop()
            with pytest.raises(Conflict, match="no longer welcome in its mesh"):
                await mesh.start()


async def test_a_coordinator_of_before_is_a_member_from_its_next_start_on(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        own = NodeId(mesh.identity_uri.rpartition("/")[2])
        node = await mesh.join("developer")
        await mesh.stop()
        async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
            before = await gateway.members.get(node.identity.id)
            await gateway.engine.kv.remove(f"member/{own}")
        await mesh.start()
        async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
            found = await gateway.members.get(own)
            assert found is not None
            assert (found.role, found.admin, found.denied) == ("coordinator", False, False)
            assert await gateway.members.get(node.identity.id) == before
            assert not await gateway.members.has_coordinators(beside=own)


async def test_one_leaves_and_the_last_does_not(tmp_path: Path) -> None:
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, _):
        home = new_home(tmp_path / "second")
        made = await joined(mesh, home)
        said = await leave(home, SystemClock())
        assert "is put aside in coordinator-moved-" in said
        assert not (home.root / "coordinator").exists()
        assert "coordinator" in roles_elsewhere(home)
        async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
            assert made.identity.id in gateway.members.denied()
        await mesh.stop()
        with pytest.raises(Conflict, match="the mesh would have none"):
            await leave(mesh.home, SystemClock())
        assert (mesh.home.root / "coordinator").exists()
        await mesh.start()


async def test_the_state_is_not_moved_away_under_another_coordinator(tmp_path: Path) -> None:
    """It would go on with what stays behind: two meshes of one name."""
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, _):
        home = new_home(tmp_path / "second")
        made = await joined(mesh, home)
        async with serving(home):
            await mesh.stop()
            with pytest.raises(Conflict, match=f"{made.identity.id} at .* uses"):
                await migrate(mesh.home, "sqlite", SystemClock(), lambda _: None, None)
        await migrate(mesh.home, "sqlite", SystemClock(), lambda _: None, None)
        await mesh.start()
        with pytest.raises(Conflict, match="was moved from there to sqlite"):
            async with serving(home):
                pass
        await leave(home, SystemClock())
        assert not (home.root / "coordinator").exists()


async def test_a_server_that_was_started_by_hand_is_the_coordinators_from_then_on(
    tmp_path: Path,
) -> None:
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, servers):
        node = await mesh.join("developer")
        await mesh.stop()
        source = servers.directories[0]
        with pytest.raises(Conflict, match="the server s0 runs at"):
            adopt(mesh.home, source, SystemClock())
        servers.kill(0)
        assert "s0" in adopt(mesh.home, source, SystemClock())
        nats = read_settings(mesh.home.directory("coordinator")).nats
        assert nats is not None
        assert nats.own == servers.settings[0]
        await mesh.start()
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            assert await RegistryClient(channel).nodes()
        async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
            assert await gateway.members.get(node.identity.id) is not None


async def test_a_lost_coordinator_is_no_lost_laptop(tmp_path: Path) -> None:
    """Its place cannot just be given anew: it holds the keys of the mesh."""
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, _):
        made = await joined(mesh, new_home(tmp_path / "second"))
        async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
            with pytest.raises(Conflict) as refused:
                await gateway.acts.recover(OWNER, made.identity.id, ())
            assert "security.md" in refused.value.hint


async def test_over_a_file_the_refusal_says_what_comes_first(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        terminal = Terminal(mesh.home.root, tmp_path)
        told = await terminal.type("invite", "coordinator")
        assert (told.code, told.out) == (4, "")
        assert "first `postdevai mesh migrate --to nats`" in told.err
    elsewhere = await Terminal(tmp_path / "laptop", tmp_path).type("invite", "coordinator")
    assert (elsewhere.code, elsewhere.out) == (1, "")
    assert "on the Coordinator's machine" in elsewhere.err


async def test_where_the_servers_are_for_this_machine_alone_nobody_else_is_invited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with asyncio.timeout(WAIT_S), mesh_on_nats(tmp_path) as (mesh, _):
        terminal = Terminal(mesh.home.root, tmp_path)
        here = await terminal.type("invite", "coordinator")
        assert here.out.startswith("pdc1."), here.err
        from coordinator_node import local

        monkeypatch.setattr(local, "enrolment_addresses", lambda _: ("10.0.0.1:50054",))
        with pytest.raises(PostDevAIError, match="for this machine alone"):
            await local.invite(mesh.home, "coordinator", admin=False)
