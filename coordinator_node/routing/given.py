"""Routes that were handed out since the nodes last told of their queues."""

from __future__ import annotations

from collections.abc import Mapping

from common.clock import Clock
from common.model.ids import NodeId

BEAT_S = 1.0
"""By then each node has told of what came of them."""


class Given:
    """Counts by node; forgotten with each beat. It keeps two questions in one beat from being
    sent to the same node because its queue was short at the last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._beat = 0
        self._counts: dict[NodeId, int] = {}

    def note(self, node: NodeId) -> None:
        """One more went there."""
        counts = self._of_this_beat()
        counts[node] = counts.get(node, 0) + 1

    def now(self) -> Mapping[NodeId, int]:
        """In this beat."""
        return self._of_this_beat()

    def _of_this_beat(self) -> dict[NodeId, int]:
        beat = int(self._clock.monotonic() / BEAT_S)
        if beat != self._beat:
            self._beat, self._counts = beat, {}
        return self._counts
