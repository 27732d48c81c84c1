"""A service that ends again and again waits longer before each start, whatever its manager does.

HOME/ROLE/starts.json   how many starts in a row came to nothing, and when the last one was due
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from common.daemon.files import write_private

FIRST_S = 10.0
MOST_S = 300.0
STEADY_S = 60.0
"""One that served so long has not come to nothing."""


@dataclass(frozen=True, slots=True)
class Starts:
    """What is known of the starts before this one."""

    in_a_row: int = 0
    """0 when the last one served, or was told to stop."""
    at_ms: int = 0

    def wait_s(self, now_ms: int) -> float:
        """How long this one has to wait; what the manager waited already counts."""
        if not self.in_a_row:
            return 0.0
        step_s = min(MOST_S, FIRST_S * 2 ** min(self.in_a_row - 1, 10))
        passed_s = (now_ms - self.at_ms) / 1000
        if passed_s < 0:  # the clock was set back: nobody knows
            return 0.0
        return max(0.0, step_s - passed_s)


@dataclass(frozen=True, slots=True)
class StartsFile:
    """Where it is kept from one process to the next."""

    path: Path

    def read(self) -> Starts:
        """None in a row where the file is absent or torn."""
        try:
            said = json.loads(self.path.read_text("utf-8"))
            return Starts(max(0, int(said["in_a_row"])), int(said["at_ms"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Starts()

    def begin(self, before: Starts, now_ms: int) -> None:
        """One more start that has come to nothing so far. A disk that is full is no reason to stay
        down."""
        data = json.dumps({"in_a_row": before.in_a_row + 1, "at_ms": now_ms}).encode()
        with contextlib.suppress(OSError):
            write_private(self.path, data)

    def forget(self) -> None:
        """It came to something."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
