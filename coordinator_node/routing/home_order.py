"""The order in which each project prefers the Dragons, remembered and brought up to date: a Dragon
that leaves or comes costs a project one look, not a look at all of them."""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING

from common.model.ids import NodeId
from common.model.node import Node
from coordinator_node.routing.project_affinity import weight
from coordinator_node.routing.rendezvous import draw, seed

if TYPE_CHECKING:
    from coordinator_node.routing.highest import Highest

DEPTH = 8
"""So many of the first are remembered; when all of them have left they are found anew."""
PROJECTS_MAX = 65_536
"""Those that nobody asked for longest are forgotten first."""
CAME_MAX = 256
"""After so many that came, an order is found anew."""


@dataclass(slots=True)
class _Order:
    first: list[tuple[float, NodeId, int]]
    """Draw, node, and which coming of it; lowest draws first."""
    whole: bool
    """Nobody else was there."""
    seen: int
    """How many had come by then."""


@dataclass(frozen=True, slots=True)
class _Alike:
    """Dragons of one weight."""

    nodes: list[NodeId]
    highest: Highest


class HomeOrder:
    """Rendezvous hashing over Dragons that come and go."""

    def __init__(self) -> None:
        self._nodes: dict[NodeId, tuple[int, int, int]] = {}
        """Seed, weight, and which coming."""
        self._came: list[NodeId] = []
        self._orders: OrderedDict[str, _Order] = OrderedDict()
        self._weights: dict[int, _Alike] | None = None

    def put(self, node: Node) -> None:
        """It is there; as if it left and came when its weight is another."""
        known = self._nodes.get(node.id)
        share = weight(node)
        if known is None or known[1] != share:
            self._came.append(node.id)
            self._nodes[node.id] = (seed(node.id), share, len(self._came))
            self._weights = None

    def remove(self, node: NodeId) -> None:
        """It is not there; nothing when it was not."""
        if self._nodes.pop(node, None) is not None:
            self._weights = None

    def first(self, project: str, count: int = DEPTH) -> tuple[NodeId, ...]:
        """The Dragons that the project prefers, best first: as many as are known, one at least
        when there is any."""
        order = self._orders.get(project)
        if order is not None:
            order = self._refreshed(project, order)
        if order is None or not order.first:
            order = self._found(project)
        self._orders[project] = order
        self._orders.move_to_end(project)
        while len(self._orders) > PROJECTS_MAX:
            self._orders.popitem(last=False)
        return tuple(node for _, node, _ in order.first[:count])

    def _refreshed(self, project: str, order: _Order) -> _Order | None:
        if len(self._came) - order.seen > CAME_MAX:
            return None
        nodes = self._nodes
        first = [each for each in order.first if nodes.get(each[1], (0, 0, 0))[2] == each[2]]
        if order.seen < len(self._came):
            key = seed(project)
            for node in dict.fromkeys(self._came[order.seen :]):
                if (known := nodes.get(node)) is not None and known[2] > order.seen:
                    drawn = (draw(key, known[0], known[1]), node, known[2])
                    if order.whole or (first and drawn < first[-1]):
                        insort(first, drawn)
        if len(first) > 2 * DEPTH:
            return _Order(first[:DEPTH], False, len(self._came))
        return _Order(first, order.whole, len(self._came))

    def _found(self, project: str) -> _Order:
        """Among Dragons of one weight the draws are in the order of the hashes, so only the first
        of each weight are drawn."""
        key = seed(project)
        first: list[tuple[float, NodeId, int]] = []
        for share, alike in self._by_weight().items():
            for at in alike.highest.of(key):
                node = alike.nodes[at]
                node_seed, _, coming = self._nodes[node]
                first.append((draw(key, node_seed, share), node, coming))
        first = nsmallest(DEPTH, first)
        return _Order(first, len(first) == len(self._nodes), len(self._came))

    def _by_weight(self) -> dict[int, _Alike]:
        if self._weights is None:
            from coordinator_node.routing.highest import Highest  # numpy: for very many alone

            found: dict[int, list[NodeId]] = {}
            for node, (_, share, _) in self._nodes.items():
                found.setdefault(share, []).append(node)
            self._weights = {
                share: _Alike(nodes, Highest([self._nodes[node][0] for node in nodes], DEPTH))
                for share, nodes in found.items()
            }
        return self._weights
