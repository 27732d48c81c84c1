"""The nodes in the order of least_loaded, kept as they change: no question looks at all of them."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from common.model.ids import NodeId
from common.model.node import Node
from coordinator_node.routing.least_loaded import Key, key
from coordinator_node.routing.work import Work, unfit

_Item = tuple[Key, int]
"""A key and the stamp of the node when it was made; of an older stamp it is passed over."""


class LoadHeap:
    """For one capability and, where one is asked for, one model."""

    def __init__(self, work: Work, version: str) -> None:
        self._work = work
        self._version = version
        self._items: list[_Item] = []
        self._keys: dict[NodeId, _Item] = {}
        self._stamp = 0

    def put(self, node: Node, given: int = 0) -> None:
        """The node as it is now, with so many routes on their way to it."""
        if unfit(self._work, node):
            self.remove(node.id)
            return
        self._stamp += 1
        item = (key(self._work, node, self._version, given), self._stamp)
        self._keys[node.id] = item
        heappush(self._items, item)
        if len(self._items) > 4 * len(self._keys) + 64:
            self._items = list(self._keys.values())
            heapify(self._items)

    def remove(self, node: NodeId) -> None:
        """It is not among them; nothing when it was not."""
        self._keys.pop(node, None)

    def best(self, count: int) -> tuple[NodeId, ...]:
        """The first so many, best first."""
        found: list[_Item] = []
        while self._items and len(found) < count:
            item = heappop(self._items)
            if self._keys.get(item[0][-1]) is item:
                found.append(item)
        for item in found:
            heappush(self._items, item)
        return tuple(item[0][-1] for item in found)
