"""Where something was put stays known, a pin leaves nothing behind, and the denied have nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import Conflict, Invalid, Missing
from common.model.ids import NodeId
from common.model.node import Node
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.registry.leads import Leads
from coordinator_node.routing.places import Places
from coordinator_node.routing.project_affinity import Place

A, B = NodeId("a"), NodeId("b")
LAKE = "0" * 32


def dragon(name: NodeId, *projects: str) -> Node:
    return Node("dragon", name, f"{name}:1", "serving", 3.0, projects=projects)


class Denied:
    """The deny-list of a test."""

    def __init__(self) -> None:
        self.nodes: frozenset[NodeId] = frozenset()

    def __call__(self) -> frozenset[NodeId]:
        return self.nodes


@pytest.fixture
def denied() -> Denied:
    return Denied()


@pytest.fixture
async def places(tmp_path: Path, denied: Denied) -> AsyncGenerator[Places]:
    async with open_sqlite(tmp_path / "state.db") as engine:
        yield Places(engine.kv, denied)


async def test_the_first_placement_stays(places: Places) -> None:
    assert await places.place("laptop", A) == A
    assert await places.place("laptop", B) == A
    assert await places.of("laptop") == Place("laptop", placed=A)


async def test_what_was_at_a_denied_node_is_placed_anew(places: Places, denied: Denied) -> None:
    await places.place("laptop", A)
    denied.nodes = frozenset((A,))
    assert await places.of("laptop") == Place("laptop")
    assert await places.place("laptop", B) == B


async def test_a_pin_that_would_leave_a_journal_behind_is_refused_with_the_holder(
    places: Places,
) -> None:
    nodes = (dragon(A, "p"), dragon(B))
    with pytest.raises(Conflict, match="b does not hold project p; a does"):
        await places.pin("p", B, nodes)
    assert (await places.of("p")).pinned == ""
    await places.pin("p", A, nodes)
    assert (await places.of("p")).pinned == A
    await places.unpin("p")
    assert (await places.of("p")).pinned == ""
    await places.unpin("p")


async def test_what_nobody_holds_may_be_pinned_anywhere(places: Places, denied: Denied) -> None:
    await places.pin("p", B, (dragon(A), dragon(B)))
    assert (await places.of("p")).pinned == B
    denied.nodes = frozenset((B,))
    await places.pin("p", A, (dragon(A), dragon(B, "p")))
    assert (await places.of("p")).pinned == A


async def test_a_pin_to_nobody_and_a_project_that_is_no_id_are_refused(places: Places) -> None:
    with pytest.raises(Missing, match="no Dragon of this mesh"):
        await places.pin("p", "nobody", (dragon(A),))
    for project in ("", "a/b", "x" * 129):
        with pytest.raises(Invalid, match="project must be an id"):
            await places.pin(project, A, (dragon(A),))


async def test_what_was_at_a_dragon_is_at_the_one_that_took_its_place(tmp_path: Path) -> None:
    """Else the laptop would wait for the dead one, though its follower has everything."""
    live = [dragon(A)]
    async with open_sqlite(tmp_path / "state.db") as engine:
        places, leads = Places(engine.kv, frozenset), Leads(engine.kv, lambda: tuple(live))
        await places.place("laptop", A)
        first = await leads.lead(LAKE, A)
        await leads.set_followers(LAKE, A, first.epoch, [B])
        assert (await places.of("laptop")).placed == A  # the control: A still leads
        live[:] = [dragon(B)]
        second = await leads.lead(LAKE, B)
        assert (await places.of("laptop")).placed == B
        assert await places.place("laptop", A) == B
        away = replace(dragon(A, "p"), state="gone", address="")
        assert await places.told((away, dragon(B, "p"))) == (
            replace(away, projects=()),
            dragon(B, "p"),
        )
        await leads.set_followers(LAKE, B, second.epoch, [A])
        live[:] = [dragon(A)]
        await leads.lead(LAKE, A)
        assert (await places.of("laptop")).placed == A


async def test_what_was_copied_is_placed_for_good_though_another_holds_it_still(
    places: Places,
) -> None:
    await places.place("p", A)
    await places.pin("p", B, (dragon(A, "p"), dragon(B)), copied=True)
    assert await places.of("p") == Place("p", pinned=B, placed=B)
    await places.unpin("p")
    assert await places.of("p") == Place("p", placed=B)
