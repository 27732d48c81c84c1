"""What a Dragon tells of its models and of its place."""

from __future__ import annotations

import asyncio

from common.alongside import alongside
from common.model.ids import NodeId
from common.model.llm import Model, ModelList, ModelState
from common.model.node import NodeOffer
from dragon_node.offering import SENTENCE_CHARS_MAX, follow_offer
from dragon_node.replica.succession import Place

STATES: tuple[ModelState, ...] = ("missing", "arriving", "ready", "loading", "loaded", "failed")
LEADER = NodeId("1" * 16)


async def offered(place: Place) -> NodeOffer:
    """The first that it tells."""
    told: asyncio.Queue[NodeOffer] = asyncio.Queue()

    async def catalog() -> ModelList:
        return ModelList(tuple(Model(state, "fast", state) for state in STATES))

    work = follow_offer(told.put_nowait, lambda: ["p2", "p1"], catalog, lambda: place)
    async with asyncio.timeout(60), alongside(work):
        return await told.get()


async def test_models_are_told_that_are_loaded_and_those_that_could_be() -> None:
    offer = await offered(Place())
    assert offer.models == ("loaded",)
    assert offer.on_disk == ("loaded", "loading", "ready")
    assert offer.projects == ("p1", "p2")


async def test_what_is_in_its_way_is_told_in_as_much_as_a_node_may_say() -> None:
    offer = await offered(Place(LEADER, -1, in_the_way="because " * 200, first_lsn=7))
    assert (offer.follows, offer.behind, offer.first_lsn) == (LEADER, -1, 7)
    assert offer.in_the_way == ("because " * 200)[:SENTENCE_CHARS_MAX]
