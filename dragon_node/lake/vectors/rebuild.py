"""Learning codes anew on another thread, while the old ones answer."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import numpy as np

from common.errors import Unavailable
from dragon_node.lake.failpoints import reach
from dragon_node.lake.vectors.coded import Coded
from dragon_node.lake.vectors.codes import Codes
from dragon_node.lake.vectors.originals import Originals


class Rebuild:
    """Reads the rows that lived when it began. None of their slots is used for another vector
    before it ends, so what it reads does not change; what died or came meanwhile is looked at
    when the new codes take the old ones' place."""

    def __init__(self, originals: Originals, end: Callable[[Coded | None], None]) -> None:
        """Begins, on the index's thread. `end` takes the new codes, or None."""
        self._originals = originals
        self._end = end
        self._slots = np.flatnonzero(originals.keys.alive)
        self._stop = Event()
        self._codes: Codes | None = None
        originals.keys.hold_back()

    def build(self) -> None:
        """See Rebuilding."""
        reach("vectors.rebuilding")
        self._codes = Codes.learned(self._originals.rows, self._slots, self._stop)
        reach("vectors.rebuilt")

    def swap(self) -> None:
        """See Rebuilding."""
        if self._stop.is_set():
            return
        if self._codes is None:
            raise Unavailable("an index of vectors was to be swapped before it was built")
        coded = Coded(self._originals, self._codes, self._slots)
        self._finish(coded)
        reach("vectors.swapped")

    def abandon(self) -> None:
        """See Rebuilding; once is enough."""
        if not self._stop.is_set():
            self._finish(None)

    def _finish(self, coded: Coded | None) -> None:
        self._stop.set()
        self._originals.keys.release()
        self._end(coded)
