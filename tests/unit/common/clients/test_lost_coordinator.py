"""A Coordinator that says nothing any more: its nodes go to another, and not back to it first."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.clients.coordinators import Coordinators
from common.model.node import CoordinatorAddress
from common.rpc.channel import Channels
from common.rpc.credentials import NodeIdentity
from tests.support.second_coordinator import second_coordinator
from tests.support.silent_link import silent_link
from tests.support.small_mesh import SmallMesh, open_member

WITHIN_S = 60.0
NAMES = ("a", "b", "c")
WAYS = tuple(CoordinatorAddress(name, (f"127.0.0.1:{ord(name)}",)) for name in NAMES)


class Knows:
    """An identity that knows three Coordinators."""

    coordinators = WAYS


def known() -> Coordinators:
    identity: NodeIdentity = Knows()  # pyright: ignore[reportAssignmentType]
    return Coordinators(identity, Channels(identity))


@given(st.lists(st.tuples(st.sampled_from(("answered", "lost")), st.sampled_from(WAYS))))
def test_all_are_asked_and_those_that_were_lost_last(
    story: list[tuple[str, CoordinatorAddress]],
) -> None:
    coordinators = known()
    last: dict[CoordinatorAddress, str] = {}
    for what, way in story:
        last[way] = what
        coordinators.answered(way) if what == "answered" else coordinators.lost(way)
    ways = coordinators.ways()
    assert sorted(each.identity for each in ways) == list(NAMES)
    lost = [last.get(way) == "lost" for way in ways]
    assert lost == sorted(lost)
    answered = [way for what, way in story if what == "answered"]
    if answered and last[answered[-1]] == "answered":
        assert ways[0] == answered[-1]
    if story and story[-1][0] == "lost":
        assert ways[-1] == story[-1][1]


async def test_a_node_goes_to_the_other_coordinator_without_asking_the_silent_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        asyncio.timeout(WITHIN_S),
        SmallMesh.open(tmp_path) as mesh,
        second_coordinator(mesh) as second,
        silent_link(mesh.address) as link,
    ):
        laptop = await mesh.join("developer")
        ways = (
            CoordinatorAddress(mesh.identity_uri, (link.address,)),
            CoordinatorAddress(second.extra["identity"], (second.address,)),
        )
        monkeypatch.setattr(NodeIdentity, "coordinators", property(lambda _: ways))
        async with open_member(laptop, mesh.directory("developer")) as membership:
            assert membership.connected
            epoch, connections = membership.epoch, link.connections
            assert connections > 0
            link.fall_silent()
            asked = asyncio.ensure_future(membership.nodes())
            while not (membership.connected and membership.epoch > epoch):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert link.connections == connections
            assert await asked
            states = {node.id: node.state for node in await membership.nodes()}
            assert states[laptop.identity.id] == "serving"
