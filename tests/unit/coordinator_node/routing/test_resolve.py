"""Resolve and ExplainRoute decide alike, among few nodes and among many."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from common.errors import Invalid, Unavailable
from common.model.ids import NodeId
from common.model.node import Identity, Node, NodeLoad
from common.rpc.tickets import SigningKey
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.routing.places import Places
from coordinator_node.routing.resolve import ROUTES_MAX, Router, work_of
from coordinator_node.routing.work import Work
from tests.support.scripted_daemon import SetClock

LAPTOP = Identity("m", "developer", NodeId("laptop"))


def dragon(name: str, *projects: str, queue: int = 0, state: str = "serving") -> Node:
    return Node(
        "dragon",
        NodeId(name),
        f"{name}:1",
        state,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        3.0,
        capabilities=("lake", "assistant", "inference"),
        load=NodeLoad(queue=queue),
        projects=projects,
        epoch=7,
    )


class Mesh:
    """Nodes of a test, and a router over them."""

    def __init__(self, places: Places) -> None:
        self.nodes: tuple[Node, ...] = ()
        self.clock = SetClock()
        key = SigningKey("k", ec.generate_private_key(ec.SECP256R1()), 0)
        own = Identity("m", "coordinator", NodeId("c"))
        self.router = Router(
            own=own,
            nodes=lambda: self.nodes,
            signer=lambda: key,
            clock=self.clock,
            places=places,
        )

    async def chosen(self, work: Work) -> list[str]:
        routes = await self.router.resolve(LAPTOP, work)
        return [route.identity.rsplit("/", 1)[1] for route in routes]


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncGenerator[Mesh]:
    async with open_sqlite(tmp_path / "state.db") as engine:
        yield Mesh(Places(engine.kv, frozenset))


async def test_two_questions_in_one_beat_go_to_two_nodes(mesh: Mesh) -> None:
    mesh.nodes = (dragon("a"), dragon("b"))
    firsts = [(await mesh.chosen(Work("inference")))[0] for _ in range(4)]
    assert Counter(firsts) == {"a": 2, "b": 2}
    mesh.clock.at_ms += 1_000  # a beat later the queues have told
    assert (await mesh.chosen(Work("inference")))[0] == "a"


async def test_a_route_carries_the_reasons_the_fence_and_every_address(mesh: Mesh) -> None:
    mesh.nodes = (dragon("a", "p"),)
    (route,) = await mesh.router.resolve(LAPTOP, Work("lake", "p"))
    assert (route.reason, route.epoch, route.endpoints) == ("holds the project", 7, ("a:1",))


async def test_nobody_answers_for_a_project_whose_dragon_is_away(mesh: Mesh) -> None:
    mesh.nodes = (dragon("a", "p", state="gone"), dragon("b"))
    with pytest.raises(Unavailable, match="project p is at Dragon a: its lease has ended"):
        await mesh.chosen(Work("lake", "p"))
    assert await mesh.chosen(Work("lake", "q")) == ["b"]


@pytest.mark.parametrize("many", [3, 200])
async def test_the_first_of_explain_is_the_first_of_resolve(mesh: Mesh, many: int) -> None:
    mesh.nodes = tuple(dragon(f"n{i}", f"p{i % 7}", queue=i * 31 % 17) for i in range(many))
    for work in (Work("lake", "p1"), Work("lake", "none"), Work("lake", task="ingest")):
        explained = await mesh.router.explain(LAPTOP, work)
        expected = [each.node.id for each in explained.nodes if each.rank]
        chosen = await mesh.chosen(work)
        assert chosen == expected[: 1 if work.task else ROUTES_MAX]
    explained = await mesh.router.explain(LAPTOP, Work("inference"))
    assert (await mesh.chosen(Work("inference")))[0] == explained.nodes[0].node.id


async def test_among_many_a_death_is_noticed_within_a_fifth_of_a_second(mesh: Mesh) -> None:
    mesh.nodes = tuple(dragon(f"n{i}", queue=i) for i in range(100))
    assert (await mesh.chosen(Work("inference")))[0] == "n0"
    mesh.nodes = (dragon("n0", state="gone"), *mesh.nodes[1:])
    mesh.clock.at_ms += 201
    assert (await mesh.chosen(Work("inference")))[0] == "n1"


def test_what_cannot_be_asked_for_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match="capability is 'moon'"):
        work_of("moon", "", "", "")
    with pytest.raises(Invalid, match="model is longer"):
        work_of("inference", "", "m" * 201, "")
