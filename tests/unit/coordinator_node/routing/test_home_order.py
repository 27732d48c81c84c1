"""A remembered order is brought up to date to what looking at every Dragon would give."""

from __future__ import annotations

import random

from common.model.ids import NodeId
from common.model.node import Node, NodeLoad
from coordinator_node.routing.home_order import HomeOrder
from coordinator_node.routing.project_affinity import GIB, weight
from coordinator_node.routing.rendezvous import draw, seed

PROJECTS = [f"p{i}" for i in range(25)]


def dragon(number: int, gib: int) -> Node:
    load = NodeLoad(lake_bytes_free=gib * GIB)
    return Node("dragon", NodeId(f"d{number}"), "a:1", "serving", 3.0, load=load)


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
