"""Who leads a lake: one leader an epoch, and only one that has everything."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Conflict, Invalid
from common.model.ids import NodeId
from common.model.node import Node
from common.model.replica import LakeLead
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.registry.leads import Leads, decide

LAKE = "a" * 32
A, B, C = NodeId("a"), NodeId("b"), NodeId("c")
NODES = st.sampled_from((A, B, C))


class Here:
    """Who has a lease."""

    def __init__(self) -> None:
        self.live = {A, B, C}

    def nodes(self) -> tuple[Node, ...]:
        return tuple(Node("dragon", each, "", "serving", 3.0) for each in sorted(self.live))


@pytest.fixture
def here() -> Here:
    return Here()


@pytest.fixture
async def leads(tmp_path: Path, here: Here) -> AsyncGenerator[Leads]:
    async with open_sqlite(tmp_path / "state.db") as engine:
        yield Leads(engine.kv, here.nodes)


async def test_the_first_that_asks_leads_and_stays(leads: Leads) -> None:
    assert (await leads.get(LAKE)).leader == ""
    assert await leads.lead(LAKE, A) == LakeLead(LAKE, A, 1)
    assert await leads.lead(LAKE, A) == LakeLead(LAKE, A, 1)
    with pytest.raises(Conflict, match="a leads"):
        await leads.lead(LAKE, B)


async def test_a_named_follower_leads_once_the_lease_has_ended(leads: Leads, here: Here) -> None:
    await leads.lead(LAKE, A)
    await leads.set_followers(LAKE, A, 1, [B])
    with pytest.raises(Conflict):
        await leads.lead(LAKE, B)
    here.live.discard(A)
    with pytest.raises(Conflict):
        await leads.lead(LAKE, C)
    assert await leads.lead(LAKE, B) == LakeLead(LAKE, B, 2)


async def test_a_leader_of_before_names_nobody(leads: Leads, here: Here) -> None:
    await leads.lead(LAKE, A)
    await leads.set_followers(LAKE, A, 1, [B])
    here.live.discard(A)
    await leads.lead(LAKE, B)
    with pytest.raises(Conflict, match="b leads"):
        await leads.set_followers(LAKE, A, 1, [C])


async def test_a_leader_is_not_its_own_follower_and_has_eight_at_most(leads: Leads) -> None:
    await leads.lead(LAKE, A)
    assert (await leads.set_followers(LAKE, A, 1, [B, A, B])).followers == (B,)
    with pytest.raises(Invalid, match="8 at most"):
        await leads.set_followers(LAKE, A, 1, [NodeId(str(n)) for n in range(9)])
    with pytest.raises(Invalid, match="32 hex"):
        await leads.get("nonsense")


@given(
    st.builds(
        LakeLead,
        st.just(LAKE),
        NODES,
        st.integers(1, 9),
        st.lists(NODES, unique=True).map(tuple),
    ),
    NODES,
    st.frozensets(NODES),
)
def test_a_new_leader_has_a_new_epoch_and_had_everything(
    kept: LakeLead, caller: NodeId, live: frozenset[NodeId]
) -> None:
    try:
        granted = decide(kept, caller, live)
    except Conflict:
        return
    if granted.leader == kept.leader:
        assert granted == kept
    else:
        assert granted.epoch > kept.epoch
        assert granted.leader in kept.followers
        assert kept.leader not in live
