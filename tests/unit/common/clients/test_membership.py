"""A node keeps its place: one process a seat, several Coordinators, addresses that change."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from common.clients.membership import Membership
from common.errors import Unavailable
from common.model.node import CoordinatorAddress, Node, NodeOffer
from common.rpc.credentials import NodeIdentity
from tests.support.second_coordinator import second_coordinator
from tests.support.small_mesh import SmallMesh, open_dragon, open_member, stats
from tests.support.waiting import until

WITHIN_S = 60.0


async def the(membership: Membership, role: str) -> Node:
    """The one node of that role."""
    (found,) = [node for node in await membership.nodes() if node.role == role]
    return found


def dead() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


async def test_a_second_process_takes_the_seat_and_the_first_stops_acting(tmp_path: Path) -> None:
    """Two machines with one identity, as after a copied HOME, would confirm each other's events."""
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh) as dragon:
        laptop = await mesh.join("developer")
        async with open_member(laptop, mesh.directory("developer")) as asks:
            routed = asks.routed("lake")
            assert await routed.call(stats) == 1
            working = asyncio.ensure_future(dragon.membership.while_seated(asyncio.sleep(3600)))
            first_epoch = dragon.membership.epoch
            twin = await NodeIdentity.open(mesh.directory("dragon"))
            async with open_member(twin, mesh.directory("twin"), ("lake",)) as second:
                async with asyncio.timeout(WITHIN_S):
                    await working
                assert second.epoch > first_epoch
                assert second.connected
                first = dragon.membership
                assert not first.connected
                assert "another process acts as this node now: pid" in first.displaced
                assert first.sentence == first.displaced
                with pytest.raises(Unavailable, match="another process acts"):
                    await first.nodes()
                with pytest.raises(Unavailable, match="another process acts"):
                    await routed.call(stats)  # its own server refuses, too
                assert (await the(asks, "dragon")).epoch == second.epoch
        assert dragon.lake.calls == 1


async def test_epochs_rise_over_restarts_of_the_coordinator(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        laptop = await mesh.join("developer")
        async with open_member(laptop, mesh.directory("developer")) as membership:
            epochs = [membership.epoch]
            for _ in range(2):
                await mesh.stop()
                await membership.wait_until(connected=False)
                await mesh.start()
                async with asyncio.timeout(WITHIN_S):
                    await membership.wait_until(connected=True)
                epochs.append(membership.epoch)
            assert epochs == sorted(set(epochs))
            assert (await the(membership, "developer")).epoch == epochs[-1]


async def test_a_dragon_whose_first_address_is_dead_is_reached_at_the_next(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh) as dragon:
        away = dead()
        await dragon.membership.announce(away, lambda: (away, dragon.address))
        laptop = await mesh.join("developer")
        async with open_member(laptop, mesh.directory("developer")) as membership:
            assert await membership.routed("lake").call(stats) == 1
            (route,) = await membership.resolve("lake")
            assert route.endpoints == (away, dragon.address)
            assert route.epoch == dragon.membership.epoch


async def test_a_node_says_what_it_holds_and_where_it_is_as_that_changes(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        laptop = await mesh.join("developer")
        async with open_member(laptop, mesh.directory("developer")) as membership:
            where = ["10.0.0.1:1"]
            await membership.announce(where[0], lambda: tuple(where))
            membership.offer(NodeOffer(("p1", "p2"), ("m",)))

            async def is_told() -> bool:
                node = await the(membership, "developer")
                told = (node.projects, node.models, node.addresses)
                return told == (("p1", "p2"), ("m",), tuple(where))

            await until(is_told)
            where[:] = ["10.0.0.2:1", "10.0.0.1:1"]  # another network
            await until(is_told)
            node = await the(membership, "developer")
            assert node.address == "10.0.0.2:1"
            assert node.machine == socket.gethostname().partition(".")[0]
            assert node.certificate_ends_ms == laptop.credential.not_after_ms
            assert abs(node.clock_ahead_ms) < 60_000


async def test_a_clock_that_is_off_is_known(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        laptop = await mesh.join("developer")
        async with open_member(laptop, mesh.directory("developer")) as membership:
            mesh.clock.shift_ms = -120_000

            async def is_seen() -> bool:
                return (await the(membership, "developer")).clock_ahead_ms > 60_000

            await until(is_seen)


async def test_a_node_goes_on_with_the_other_coordinator(tmp_path: Path) -> None:
    """And its tickets are taken by a Dragon that joined the first."""
    async with SmallMesh.open(tmp_path) as mesh:
        laptop = await mesh.join("developer")
        async with (
            second_coordinator(mesh) as second,
            open_dragon(mesh) as dragon,
            open_member(laptop, mesh.directory("developer")) as membership,
        ):

            async def both_are_known() -> bool:
                return all(len(each.coordinators) == 2 for each in (laptop, dragon.identity))

            await until(both_are_known)
            reopened = await NodeIdentity.open(mesh.directory("developer"))
            assert reopened.coordinators == laptop.coordinators
            epochs = (membership.epoch, dragon.membership.epoch)
            await mesh.stop()

            async def all_are_with_the_second() -> bool:
                try:
                    known = {node.id: node for node in await membership.nodes()}
                except Unavailable:
                    return False
                mine = (known[laptop.identity.id], known[dragon.identity.identity.id])
                return all(
                    node.state == "serving" and node.epoch > epoch
                    for node, epoch in zip(mine, epochs, strict=True)
                )

            await until(all_are_with_the_second)
            await membership.resolve("lake", fresh=True)
            assert await membership.routed("lake").call(stats) == 1
            states = {str(node.id): node.state for node in await membership.nodes()}
            assert states[second.extra["identity"].rpartition("/")[2]] == "serving"
            assert states[mesh.identity_uri.rpartition("/")[2]] == "gone"


async def test_coordinators_tell_each_other_of_their_nodes(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        laptop = await mesh.join("developer")
        async with second_coordinator(mesh) as second:
            there = CoordinatorAddress(second.extra["identity"], (second.address,))
            other = await mesh.join("developer", "other")
            await other.learn((there,))
            async with (
                open_dragon(mesh) as dragon,
                open_member(other, mesh.directory("other")) as asks,
                open_member(laptop, mesh.directory("developer")) as asks_the_first,
            ):

                async def is_known() -> bool:
                    known = [n for n in await asks.nodes() if n.role == "dragon"]
                    return bool(known) and known[0].state == "serving"

                await until(is_known)
                assert await asks.routed("lake").call(stats) == 1
                dragon.membership.offer(NodeOffer(("p1",)))

                async def holds_it() -> bool:
                    return (await the(asks, "dragon")).projects == ("p1",)

                await until(holds_it)
                assert (await the(asks_the_first, "dragon")).projects == ("p1",)
                gone = dragon.identity.identity.id

            async with open_member(laptop, mesh.directory("developer")) as asks:

                async def is_gone() -> bool:
                    return {n.id: n.state for n in await asks.nodes()}[gone] == "gone"

                await until(is_gone)
