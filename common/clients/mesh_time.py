"""The Coordinator's wall clock, as a node knows it: its tickets are dated by that clock."""

from __future__ import annotations

from collections.abc import Callable

from common.clock import Clock


class MeshTime:
    """A clock that a wrong wall clock of this machine does not put out.

    While the Coordinator is there: what it told last, and what has gone by since. While it is
    away: this machine's wall clock, less what that was ahead. Before it was ever heard: this
    machine's own.
    """

    def __init__(self, clock: Clock, is_told: Callable[[], bool]) -> None:
        """`is_told`: whether the Coordinator tells its time at the moment."""
        self._clock = clock
        self._is_told = is_told
        self._told_ms = 0
        self._told_at = 0.0
        self._ahead_ms = 0

    def tell(self, now_ms: int) -> None:
        """What the Coordinator's clock shows now; nothing for 0."""
        if now_ms:
            self._told_ms, self._told_at = now_ms, self._clock.monotonic()
            self._ahead_ms = self._clock.now_ms() - now_ms

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        if self._told_ms and self._is_told():
            return self._told_ms + int((self.monotonic() - self._told_at) * 1000)
        return self._clock.now_ms() - self._ahead_ms

    def monotonic(self) -> float:
        """This machine's."""
        return self._clock.monotonic()
