"""Keeps an index over the nodes where there are so many that ranking all of them would be felt."""

from __future__ import annotations

from collections.abc import Callable

from common.clock import Clock
from common.model.ids import NodeId
from common.model.node import Node
from coordinator_node.routing.index import Index

MANY = 64
"""Up to so many are ranked faster than an index is kept."""
FOLLOW_S = 0.2
"""How old the index may be: less than the half second in which a death has to be noticed."""


class Many:
    """The index, when there is one."""

    def __init__(self, nodes: Callable[[], tuple[Node, ...]], clock: Clock, version: str) -> None:
        self._nodes = nodes
        self._clock = clock
        self.index = Index(version)
        self._count = 0
        self._followed_s: float | None = None

    def are_many(self) -> bool:
        """Whether the index is worth asking; it is up to date then."""
        now_s = self._clock.monotonic()
        if self._followed_s is None or now_s - self._followed_s >= FOLLOW_S:
            nodes = self._nodes()
            self._followed_s, self._count = now_s, len(nodes)
            if self._count > MANY:
                self.index.follow(nodes)
        return self._count > MANY

    def note(self, node: NodeId) -> None:
        """A route went there."""
        if self._count > MANY:
            self.index.note(node)
