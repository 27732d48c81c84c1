"""Work goes on while the Coordinator is away, for as long as a ticket is honoured."""

from __future__ import annotations

from pathlib import Path

import pytest
from grpc.aio import AioRpcError, Metadata

from common.errors import Denied, Unavailable
from common.rpc.credentials import NodeIdentity
from tests.support.small_mesh import ShiftedClock, SmallMesh, open_dragon, open_member, stats

HOUR_MS = 3_600_000


class _Asked:
    """Stands in for the Coordinators: notes that one was asked."""

    def __init__(self, asked: list[str]) -> None:
        self._asked = asked

    async def ask(self, fn: object, *, idempotent: bool = True) -> None:
        self._asked.append("asked")


async def test_a_ticket_past_its_end_is_honoured_while_the_coordinator_is_away(
    tmp_path: Path,
) -> None:
    clock = ShiftedClock()
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh, clock=clock) as dragon:
        node = await mesh.join("developer")
        async with open_member(node, mesh.directory("developer")) as membership:
            routed = membership.routed("lake")
            assert await routed.call(stats) == 1
            await mesh.stop()
            await membership.wait_until(connected=False)
            await dragon.membership.wait_until(connected=False)
            clock.shift_ms = 11 * HOUR_MS
            assert await routed.call(stats) == 2
            clock.shift_ms = 13 * HOUR_MS
            with pytest.raises(Denied, match="ticket has expired"):
                await routed.call(stats)


async def test_a_ticket_past_its_end_is_refused_while_the_coordinator_is_there(
    tmp_path: Path,
) -> None:
    """The control: whoever can get a new ticket has to. Routed gets it by itself."""
    clock = ShiftedClock()
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh, clock=clock) as dragon:
        node = await mesh.join("developer")
        async with open_member(node, mesh.directory("developer")) as membership:
            routed = membership.routed("lake")
            assert await routed.call(stats) == 1
            before = (await membership.resolve("lake"))[0]
            channel, _ = await routed.channel()
            clock.shift_ms = mesh.clock.shift_ms = HOUR_MS
            with pytest.raises(AioRpcError, match="ticket has expired"):
                while True:  # until the Coordinator has told its time again
                    await stats(channel, Metadata(("authorization", f"Bearer {before.ticket}")))
            calls = dragon.lake.calls
            assert await routed.call(stats) == calls + 1


async def test_nodes_that_start_without_a_coordinator_use_what_they_remember(
    tmp_path: Path,
) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        directory = mesh.directory("developer")
        async with open_dragon(mesh), open_member(node, directory) as membership:
            assert await membership.routed("lake").call(stats) == 1
        async with open_dragon(mesh), open_member(node, directory) as membership:
            assert await membership.routed("lake").call(stats) == 1
            await mesh.stop()
            again = await NodeIdentity.open(directory)
            async with open_member(again, directory) as restarted:
                assert not restarted.connected
                assert await restarted.routed("lake").call(stats) == 2
                with pytest.raises(Unavailable):
                    await restarted.resolve("inference")


async def test_a_returning_coordinator_is_found_again(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh) as dragon:
        node = await mesh.join("developer")
        async with open_member(node, mesh.directory("developer")) as membership:
            await mesh.stop()
            await membership.wait_until(connected=False)
            assert "the Coordinator cannot be used" in membership.sentence
            await mesh.start()
            await membership.wait_until(connected=True)
            await dragon.membership.wait_until(connected=True)
            assert membership.sentence == ""
            assert await membership.routed("lake").call(stats) == 1


async def test_known_routes_are_used_without_asking_a_coordinator_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is cut off, not refused, would cost each call seconds."""
    clock = ShiftedClock()
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh, clock=clock):
        node = await mesh.join("developer")
        directory = mesh.directory("developer")
        async with open_member(node, directory, clock=clock) as membership:
            (route,) = await membership.resolve("lake")
            await mesh.stop()
            await membership.wait_until(connected=False)
            clock.shift_ms = HOUR_MS
            asked: list[str] = []
            monkeypatch.setattr(membership, "_coordinators", _Asked(asked))
            assert await membership.resolve("lake") == (route,)
            assert asked == []
