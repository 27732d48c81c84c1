"""Leaves end after a day; who holds the enrolled key gets a new one, and nobody else does."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from grpc.aio import AioRpcError, Channel, Metadata

from common.clients.registry import RegistryClient
from common.daemon.files import write_private
from common.errors import Corrupt, Denied, Missing, Unavailable
from common.model.node import Identity
from common.rpc import pinned
from common.rpc.certificates import key_from_pem, new_key, read_leaf
from common.rpc.channel import Channels, open_channel
from common.rpc.credentials import NodeIdentity
from common.rpc.status import error_from_rpc
from tests.support.small_mesh import ShiftedClock, SmallMesh, open_dragon, open_member, stats

DAY_MS = 24 * 3_600_000


async def age(mesh: SmallMesh, node: NodeIdentity, name: str, by_ms: int) -> None:
    """Replaces the node's leaf by one that the CA made so long ago."""
    key = key_from_pem(node.credential.key_pem).public_key()
    leaf = mesh.authority(ShiftedClock(-by_ms)).issue(node.identity, key)
    write_private(mesh.directory(name) / "leaf.pem", leaf)


async def list_nodes(mesh: SmallMesh, node: NodeIdentity) -> int:
    async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
        return len(await RegistryClient(channel).nodes())


async def test_three_days_later_a_node_renews_its_expired_leaf(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        before = await mesh.join("developer")
        await age(mesh, before, "developer", 3 * DAY_MS)
        after = await NodeIdentity.open(mesh.directory("developer"))
        assert after.identity == before.identity
        assert after.credential.not_after_ms > mesh.clock.now_ms()
        assert await list_nodes(mesh, after) >= 1


async def test_an_expired_leaf_alone_opens_nothing(tmp_path: Path) -> None:
    """The control: it was the renewal that helped, not a lenient server."""
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        await age(mesh, node, "developer", 3 * DAY_MS)
        expired = (mesh.directory("developer") / "leaf.pem").read_bytes()
        shown = replace(node.credential, leaf_pem=expired)
        node._credential = shown  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(Unavailable):
            await list_nodes(mesh, node)


async def test_with_the_clock_three_days_on_every_node_opens(tmp_path: Path) -> None:
    """Both clocks moved: the leaf of today is expired, and the new one is of that day."""
    async with SmallMesh.open(tmp_path) as mesh:
        before = await mesh.join("developer")
        mesh.clock.shift_ms = 3 * DAY_MS
        after = await NodeIdentity.open(mesh.directory("developer"), clock=mesh.clock)
        assert after.credential.not_before_ms > before.credential.not_after_ms


async def test_a_leaf_past_two_thirds_is_renewed_at_opening(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        await age(mesh, node, "developer", DAY_MS * 2 // 3 + 60_000)
        old = read_leaf((mesh.directory("developer") / "leaf.pem").read_bytes())
        after = await NodeIdentity.open(mesh.directory("developer"))
        assert after.credential.not_after_ms > old.not_after_ms


async def test_a_leaf_before_two_thirds_is_kept(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        before = await mesh.join("developer")
        after = await NodeIdentity.open(mesh.directory("developer"))
        assert after.credential == before.credential


async def test_without_a_coordinator_a_leaf_in_term_will_do_and_an_expired_one_will_not(
    tmp_path: Path,
) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        await mesh.stop()
        await age(mesh, node, "developer", DAY_MS - 60_000)
        assert (await NodeIdentity.open(mesh.directory("developer"))).identity == node.identity
        await age(mesh, node, "developer", 3 * DAY_MS)
        with pytest.raises(Unavailable, match="has expired and no Coordinator answers"):
            await NodeIdentity.open(mesh.directory("developer"))


async def test_a_node_whose_leaf_has_ended_says_so_itself(tmp_path: Path) -> None:
    """Its Coordinator is away: nobody else can tell it. In term it says nothing of it."""
    async with SmallMesh.open(tmp_path) as mesh:
        await mesh.join("developer")
        clock = ShiftedClock()
        node = await NodeIdentity.open(mesh.directory("developer"), clock=clock)
        await mesh.stop()
        async with open_member(node, mesh.directory("developer")) as membership:
            assert not membership.connected
            assert "ended" not in membership.sentence
        clock.shift_ms = 3 * DAY_MS
        async with open_member(node, mesh.directory("developer")) as membership:
            assert "certificate ended 48 h ago by this machine's clock" in membership.sentence


async def test_ninety_days_after_its_end_a_leaf_is_not_renewed(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        mesh.clock.shift_ms = 91 * DAY_MS - 60_000
        await node.renew()
        mesh.clock.shift_ms += 91 * DAY_MS + 1
        with pytest.raises(Denied, match="more than 90 days"):
            await node.renew()


async def test_a_denied_node_is_not_renewed(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        await mesh.revoke(node.identity)
        with pytest.raises(Denied, match="no longer welcome"):
            await node.renew()


async def test_only_the_enrolled_key_renews(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        address, pin = mesh.enrolment_address, mesh.authority().pin
        key = key_from_pem(node.credential.key_pem)
        leaf_pem, _ = await pinned.renew(node.identity.id, key, (address,), pin)
        assert read_leaf(leaf_pem).identity == node.identity
        with pytest.raises(Denied, match="not signed by the enrolled key"):
            await pinned.renew(node.identity.id, new_key(), (address,), pin)


async def test_a_restarted_coordinator_shows_a_new_leaf_and_knows_its_nodes(
    tmp_path: Path,
) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        leaf = mesh.home.identity_directory("coordinator") / "leaf.pem"
        before = leaf.read_bytes()
        await mesh.stop()
        await mesh.start()
        assert leaf.read_bytes() != before
        assert await list_nodes(mesh, node) >= 1
        await node.renew()


async def test_a_server_shows_its_renewed_leaf_without_a_restart(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh) as dragon:
        before = await shown_at(dragon.address)
        await dragon.identity.renew()
        assert await shown_at(dragon.address) != before


async def test_a_caller_shows_its_renewed_leaf_on_its_next_call(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        channels = Channels(node)
        first = await channels.to(mesh.address, mesh.identity_uri)
        assert await channels.to(mesh.address, mesh.identity_uri) is first
        await node.renew()
        second = await channels.to(mesh.address, mesh.identity_uri)
        assert second is not first
        for channel in (first, second):  # a stream on the old one may run on
            assert await RegistryClient(channel).nodes()
        await channels.close()


async def test_a_call_after_the_leafs_end_is_refused_on_an_open_connection(
    tmp_path: Path,
) -> None:
    clock = ShiftedClock()
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh, clock=clock) as dragon:
        node = await mesh.join("developer")
        async with open_member(node, mesh.directory("developer")) as membership:
            (route,) = await membership.resolve("lake")
        async with open_channel(dragon.address, route.identity, node) as channel:
            metadata = Metadata(("authorization", f"Bearer {route.ticket}"))
            assert await stats(channel, metadata) == 1
            clock.shift_ms = DAY_MS + 60_000
            assert await refusal(channel, metadata) == "the caller's certificate has expired"


async def test_a_key_of_another_node_beside_the_leaf_is_found_out(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        await mesh.join("developer", "one")
        await mesh.join("developer", "two")
        write_private(
            mesh.directory("one") / "key.pem", (mesh.directory("two") / "key.pem").read_bytes()
        )
        with pytest.raises(Corrupt, match="made for another key"):
            await NodeIdentity.open(mesh.directory("one"))


async def test_a_node_that_never_joined_says_so(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="has not joined"):
        await NodeIdentity.open(tmp_path / "nobody")


async def test_a_leaf_names_one_node_and_no_address(tmp_path: Path) -> None:
    """A localhost name would let any node pose as the Dragon of the same machine."""
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("dragon")
        leaf = x509.load_pem_x509_certificate(node.credential.leaf_pem)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert [name.value for name in names] == [node.identity.uri, node.identity.dns]
        assert node.identity == Identity(mesh.authority().mesh, "dragon", node.identity.id)


async def shown_at(address: str) -> str:
    host, _, port = address.rpartition(":")
    return await asyncio.to_thread(ssl.get_server_certificate, (host, int(port)))


async def refusal(channel: Channel, metadata: Metadata) -> str:
    with pytest.raises(AioRpcError) as caught:
        await stats(channel, metadata)
    return error_from_rpc(caught.value).message
