"""Three Coordinators, each with a server of its own: one dies, one stands still, two die."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from common.clients.membership import Membership
from common.clients.registry import RegistryClient
from common.errors import Denied, PostDevAIError, Unavailable
from common.rpc.channel import open_channel
from common.rpc.credentials import NodeIdentity
from tests.support.small_mesh import SmallDragon, open_dragon, open_member, stats
from tests.support.three_machines import NAMES, PATIENCE_S, Machine, three_machines

Three = tuple[Machine, Machine, Machine]
R = TypeVar("R")


@pytest.mark.timeout(600)
async def test_a_mesh_of_three_coordinators_lives_on_without_one_of_them(tmp_path: Path) -> None:
    with three_machines(tmp_path) as made:
        leads = NAMES.index(made[0].engine()["leader"])  # the one whose death is felt most
        three = (made[leads], made[leads - 1], made[leads - 2])
        first = three[0]
        async with open_dragon(first.mesh) as dragon:
            node = await first.mesh.join("developer")
            async with open_member(node, first.mesh.directory("developer")) as laptop:
                await _calls(laptop, dragon)
                await _one_is_killed(three, laptop, dragon)
                await _one_stands_still(three, laptop, dragon)
                await _two_are_killed(three, laptop, dragon)


async def _one_is_killed(three: Three, laptop: Membership, dragon: SmallDragon) -> None:
    first, second, third = three
    before = (laptop.epoch, dragon.membership.epoch)
    first.send(signal.SIGKILL, with_server=True)
    longest = await _calls(laptop, dragon)
    began = time.monotonic()
    late = await _done(lambda: second.mesh.join("developer", "late"))
    waited = time.monotonic() - began
    for membership, epoch in zip((laptop, dragon.membership), before, strict=True):
        await _moved(membership, epoch)
    moved = time.monotonic() - began
    assert await _done(lambda: laptop.resolve("lake", fresh=True))
    print(
        f"killed: longest call {longest * 1000:.0f} ms, a node was let in after {waited:.1f} s, "
        f"both nodes had moved after {moved:.1f} s"
    )
    revoked = await asyncio.to_thread(second.coordinator, "revoke", late.identity.id)
    assert revoked.returncode == 0, revoked.stderr
    await _refuses(third, late)
    await asyncio.to_thread(first.up)
    await asyncio.to_thread(second.wait_for_copies)
    await _refuses(first, late)


async def _one_stands_still(three: Three, laptop: Membership, dragon: SmallDragon) -> None:
    """The one that the laptop is with; its server goes on. Whoever else is with it moves too."""
    its = _coordinator_of(laptop)
    still = next(each for each in three if each.mesh.identity_uri == its)
    with_it = [each for each in (laptop, dragon.membership) if _coordinator_of(each) == its]
    before = [each.epoch for each in with_it]
    began = time.monotonic()
    still.send(signal.SIGSTOP, with_server=False)
    try:
        longest = await _calls(laptop, dragon)
        for membership, epoch in zip(with_it, before, strict=True):
            await _moved(membership, epoch)
            assert _coordinator_of(membership) != its
        print(
            f"stopped: longest call {longest * 1000:.0f} ms, {len(with_it)} nodes had moved after "
            f"{time.monotonic() - began:.1f} s"
        )
    finally:
        still.send(signal.SIGCONT, with_server=False)
    assert await _done(lambda: laptop.resolve("lake", fresh=True))


async def _two_are_killed(three: Three, laptop: Membership, dragon: SmallDragon) -> None:
    first, *others = three
    before = (laptop.epoch, dragon.membership.epoch)
    for each in others:
        each.send(signal.SIGKILL, with_server=True)
    await _calls(laptop, dragon)
    refused, said = await asyncio.gather(
        asyncio.to_thread(first.coordinator, "invite", "dragon"), asyncio.to_thread(first.engine)
    )
    assert (refused.returncode, refused.stdout) == (3, ""), refused.stderr
    assert (said["quorum"], bool(said["error"])) == (False, True), said
    await asyncio.to_thread(others[0].up)  # two of three are most of them
    await _done(lambda: first.mesh.join("developer", "after"))
    for membership, epoch in zip((laptop, dragon.membership), before, strict=True):
        async with asyncio.timeout(PATIENCE_S):
            await membership.wait_until(connected=True)
        assert membership.epoch >= epoch
    third = others[1]
    left = await asyncio.to_thread(third.typed, "leave", "coordinator")
    assert "is put aside in coordinator-moved-" in left
    assert not (third.home / "coordinator").exists()


async def _calls(laptop: Membership, dragon: SmallDragon) -> float:
    """Every call by the cached route is answered; the longest, in seconds."""
    routed, longest = laptop.routed("lake"), 0.0
    for _ in range(20):
        before, began = dragon.lake.calls, time.monotonic()
        assert await routed.call(stats) > before
        longest = max(longest, time.monotonic() - began)
    return longest


def _coordinator_of(membership: Membership) -> str:
    """The one that it is registered with."""
    return membership._coordinators.ways()[0].identity


async def _moved(membership: Membership, epoch: int) -> None:
    """It is registered again, under a later epoch."""
    async with asyncio.timeout(PATIENCE_S):
        while not (membership.connected and membership.epoch > epoch):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _done(ask: Callable[[], Awaitable[R]]) -> R:
    """As a person would: asked again while the engine says that it does not agree."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await ask()
        except Unavailable:
            assert time.monotonic() < end, "two servers of three never agreed"


async def _refuses(machine: Machine, node: NodeIdentity) -> None:
    """A node that another Coordinator has put out, as soon as this one has looked."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            async with open_channel(machine.mesh.address, machine.mesh.identity_uri, node) as to:
                await RegistryClient(to).nodes()
        except Denied as error:
            assert "no longer welcome" in error.message
            return
        except PostDevAIError:
            continue  # it has just been started
    raise AssertionError("it is let in for ever")
