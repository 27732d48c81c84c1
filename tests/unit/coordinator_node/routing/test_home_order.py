"""A remembered order is brought up to date to what looking at every Dragon would give."""

from __future__ import annotations

import random
from typing import Any

from common.model.ids import NodeId
from common.model.node import Node, NodeLoad
from coordinator_node.routing.home_order import CAME_MAX, HomeOrder
from coordinator_node.routing.project_affinity import GIB, weight
from coordinator_node.routing.rendezvous import draw, seed

PROJECTS = [f"p{i}" for i in range(25)]


def dragon(number: int, gib: int) -> Node:
    load = NodeLoad(lake_bytes_free=gib * GIB)
    return Node("dragon", NodeId(f"d{number}"), "a:1", "serving", 3.0, load=load)


class Founds(HomeOrder):
    """How often an order was found by a look at all of them."""

    found = 0

    def _found(self, project: str) -> Any:
        self.found += 1
        return super()._found(project)


def best(nodes: dict[NodeId, Node], project: str) -> NodeId:
    key = seed(project)
    return min(nodes, key=lambda each: (draw(key, seed(each), weight(nodes[each])), each))


def test_dragons_that_come_leave_and_fill_up_are_followed() -> None:
    """Far more of them than an order remembers, so that most have to be inserted or passed over."""
    chance = random.Random(11)
    order, nodes = HomeOrder(), dict[NodeId, Node]()
    for step in range(120):
        if step < 30 or chance.random() < 0.6:
            node = dragon(chance.randrange(80), chance.choice((1, 2, 9)))
            order.put(node)
            nodes[node.id] = node
        else:
            gone = chance.choice(sorted(nodes))
            order.remove(gone)
            del nodes[gone]
        for project in PROJECTS:
            assert order.first(project)[0] == best(nodes, project)


def test_after_so_many_that_came_an_order_is_found_anew_and_is_the_same() -> None:
    """Up to the limit those that came are put in one by one, which costs a look at each."""
    founds = Founds()
    nodes = {each.id: each for each in (dragon(n, 1) for n in range(CAME_MAX + 42))}
    early, late, last = [*nodes.values()][:40], [*nodes.values()][40:-2], [*nodes.values()][-2:]
    for node in early:
        founds.put(node)
    for project in PROJECTS[:2]:
        founds.first(project)
    assert len(late) == CAME_MAX
    for node in late:
        founds.put(node)
    assert founds.first("p0")[0] == best({n.id: n for n in (*early, *late)}, "p0")
    assert founds.found == 2
    for node in last:
        founds.put(node)
    assert [founds.first(each)[0] for each in PROJECTS[:2]] == [
        best(nodes, each) for each in PROJECTS[:2]
    ]
    assert founds.found == 3  # p1 had not been asked for since the first 40
