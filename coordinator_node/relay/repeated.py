"""Something that is said again and again: once, and then how often it came meanwhile."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from common.clock import Clock

AGAIN_S = 60.0
"""So seldom is the same said again."""
KINDS_MAX = 1024
"""The ones that were said longest ago are forgotten first."""


class Repeated:
    """What was said, and when. Used by one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def times(self, what: Hashable) -> int:
        """How often it came since it was said last, this time too; 0 when it is not to be said."""
        now_s = self._clock.monotonic()
        said_s, kept = self._said.get(what, (now_s - AGAIN_S, 0))
        if now_s < said_s + AGAIN_S:
            self._said[what] = (said_s, kept + 1)
            return 0
        self._said[what] = (now_s, 0)
        self._said.move_to_end(what)
        while len(self._said) > KINDS_MAX:
            self._said.popitem(last=False)
        return kept + 1
