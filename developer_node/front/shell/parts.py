"""When a program that does not end has something to tell: it printed, and is quiet again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from common.model.ids import EventId, new_event_id
from developer_node.front.shell.kept_output import KeptOutput, OutputKeeper

if TYPE_CHECKING:
    from developer_node.text.running import Telling

RUNNING_S = 2.0
"""A command that ends before is told once, at its end."""
QUIET_S = 0.5
APART_S = 1.0
PARTS_MAX = 200
"""Of one command; the rest is in its end alone."""
PART_BYTES_MAX = 128 << 10
"""Of head and of tail of what one part may hold."""


class Parts:
    """What came since the last part, and whether it is time for the next."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.run: EventId = EventId("")
        """Names the command in its parts and its end; empty until there is a part."""
        self._clock = clock
        self._earliest = clock() + RUNNING_S
        self._printed = 0.0
        self._left = PARTS_MAX
        self._keeper: OutputKeeper | None = None
        self._telling: Telling | None = None

    def add(self, data: bytes) -> None:
        """What the command printed just now."""
        if not data or not self._left:
            return
        if self._keeper is None:
            self._keeper = OutputKeeper(PART_BYTES_MAX, PART_BYTES_MAX)
        self._keeper.add(data)
        self._printed = self._clock()

    def wait_s(self) -> float | None:
        """How long until the next part may be taken; None while there is nothing to tell."""
        if self._keeper is None:
            return None
        return max(0.0, self._earliest - self._clock(), self._printed + QUIET_S - self._clock())

    def take(self) -> KeptOutput:
        """What came since the last part; the next one comes no sooner than a second later."""
        keeper = self._keeper or OutputKeeper()
        self._keeper = None
        self._earliest = self._clock() + APART_S
        return keeper.kept()

    def worth(self, text: str) -> bool:
        """Whether a part says that something failed, or ended well after it had failed; asked
        once about each part, in order."""
        if self._telling is None:
            from developer_node.text.running import Telling  # most commands end before

            self._telling = Telling()
        return self._telling.worth(text)

    def name(self) -> EventId:
        """The run's id, for a part that is told now."""
        self._left -= 1
        self.run = self.run or new_event_id()
        return self.run
