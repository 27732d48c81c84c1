"""Which few of many nodes a policy has to look at."""

from __future__ import annotations

from collections.abc import Iterable

from common.model.ids import NodeId
from common.model.node import Capability, Node
from coordinator_node.routing.home_order import HomeOrder
from coordinator_node.routing.load_heap import LoadHeap
from coordinator_node.routing.project_affinity import Place, having
from coordinator_node.routing.work import Work, doubts, unfit

CANDIDATES = 8
MODELS_MAX = 64
"""Heaps that are kept for models; one for another is made anew."""


class Index:
    """The nodes, in the orders of both policies. Ranking its candidates gives the first of what
    ranking all nodes would give."""

    def __init__(self, version: str = "") -> None:
        self._version = version
        self._nodes: dict[NodeId, Node] = {}
        self._given: dict[NodeId, int] = {}
        self._heaps: dict[tuple[Capability, str], LoadHeap] = {}
        self._homes: dict[Capability, HomeOrder] = {}
        self._holders: dict[str, set[NodeId]] = {}

    def follow(self, nodes: Iterable[Node]) -> None:
        """All nodes as they are now; those that tell nothing new are left where they are."""
        told = {node.id: node for node in nodes}
        for gone in [known for known in self._nodes if known not in told]:
            self.remove(gone)
        for node in told.values():
            known = self._nodes.get(node.id)
            if known is None or _telling(known) != _telling(node):
                self.put(node)

    def put(self, node: Node) -> None:
        """A node as it told of itself; what was on its way to it is in its queue now."""
        known = self._nodes.get(node.id)
        self._given.pop(node.id, None)
        self._nodes[node.id] = node
        for heap in self._heaps.values():
            heap.put(node)
        for capability, homes in self._homes.items():
            self._place(homes, capability, node)
        self._hold(node, frozenset(known.projects if known else ()))

    def remove(self, node: NodeId) -> None:
        """Nobody speaks of it any more."""
        if (known := self._nodes.pop(node, None)) is None:
            return
        self._given.pop(node, None)
        for heap in self._heaps.values():
            heap.remove(node)
        for homes in self._homes.values():
            homes.remove(node)
        for project in known.projects:
            self._holders[project].discard(node)

    def note(self, node: NodeId) -> None:
        """A route went there."""
        self._given[node] = given = self._given.get(node, 0) + 1
        for heap in self._heaps.values():
            heap.put(self._nodes[node], given)

    def soonest(self, work: Work, count: int = CANDIDATES) -> tuple[Node, ...]:
        """The first by least_loaded."""
        name = (work.capability, work.model)
        if (heap := self._heaps.get(name)) is None:
            if len(self._heaps) >= MODELS_MAX:
                del self._heaps[next(iter(self._heaps))]
            heap = self._heaps[name] = LoadHeap(
                Work(work.capability, "", work.model), self._version
            )
            for node in self._nodes.values():
                heap.put(node, self._given.get(node.id, 0))
        return tuple(self._nodes[each] for each in heap.best(count))

    def homes(self, work: Work, place: Place) -> tuple[Node, ...]:
        """Everybody that has it; where nobody does, the first by the hash."""
        known = [self._nodes[each] for each in self._holders.get(work.project, ())]
        named = (NodeId(each) for each in (place.pinned, place.placed) if each)
        known += [self._nodes[each] for each in named if each in self._nodes]
        if having(work, known, place):
            return tuple({node.id: node for node in known}.values())
        if (order := self._homes.get(work.capability)) is None:
            order = self._homes[work.capability] = HomeOrder()
            for node in self._nodes.values():
                self._place(order, work.capability, node)
        return tuple(self._nodes[each] for each in order.first(place.key))

    def _place(self, homes: HomeOrder, capability: Capability, node: Node) -> None:
        if unfit(Work(capability), node) or doubts(node, self._version):
            homes.remove(node.id)
        else:
            homes.put(node)

    def _hold(self, node: Node, before: frozenset[str]) -> None:
        now = frozenset(node.projects)
        if now == before:
            return
        for project in before - now:
            self._holders[project].discard(node.id)
        for project in now - before:
            self._holders.setdefault(project, set()).add(node.id)


def _telling(node: Node) -> tuple[object, ...]:
    """What places and ranks depend on; the rest of a lease does not matter."""
    return (
        node.state,
        node.load,
        node.address,
        node.capabilities,
        node.models,
        node.on_disk,
        node.projects,
        node.version,
        node.clock_ahead_ms,
    )
