"""How many calls may be tried again: a share of all calls and a small burst, so that retries never
double the load of nodes that fail because of it (Finagle's RetryBudget, 2016)."""

from __future__ import annotations

SHARE = 0.2
"""Of the calls, beyond the burst."""
BURST = 10


class RetryBudget:
    """A bucket of tokens: a call puts a fifth of one in, another try takes one out. One for a
    capability; on the event loop; it never waits."""

    def __init__(self, share: float = SHARE, burst: int = BURST) -> None:
        self._share = share
        self._burst = burst
        self._tokens = float(burst)
        self.refused = 0
        """Tries that were not made."""

    @property
    def left(self) -> float:
        """Tries that may be made at once."""
        return self._tokens

    def note_call(self) -> None:
        """A call begins."""
        if (tokens := self._tokens + self._share) < self._burst:
            self._tokens = tokens
        else:
            self._tokens = float(self._burst)

    def take(self) -> bool:
        """Whether a call may be tried once more."""
        if self._tokens < 1.0:
            self.refused += 1
            return False
        self._tokens -= 1.0
        return True
