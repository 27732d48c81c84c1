"""Spares callers the wait for a node that does not answer: after some failures in a row calls are
refused at once, until one that is let through gets an answer (Nygard, Release It!, 2007)."""

from __future__ import annotations

import math
from types import TracebackType

from common.backoff import Backoff
from common.clock import Clock, SystemClock
from common.errors import Unavailable
from common.model.laptop import Circuit

FAILURES_MAX = 3
"""So many in a row open it."""
OPEN_S = 0.25
OPEN_MOST_S = 2.0
"""How long it stays open: twice as long after each trial that failed, with some chance in it."""


class Attempt:
    """One call under way."""

    def __init__(self) -> None:
        self.answered = False
        """The node said something, if only no: it is there."""


class Breaker:
    """One a service of another node. On the event loop; it never waits."""

    def __init__(self, name: str, clock: Clock | None = None) -> None:
        self._name = name
        self._clock = clock or SystemClock()
        self._backoff = Backoff(OPEN_S, OPEN_MOST_S)
        self._failures = 0
        self._last: Unavailable | None = None
        self._retry_at_s = 0.0
        """Of the clock that nobody sets; 0 when calls go through."""
        self._trying = False
        self.relayed = False
        """The last call went through a Coordinator."""

    def attempt(self) -> _Watched:
        """Around a call. Unavailable at once while it is open."""
        return _Watched(self)

    def succeeded(self) -> None:
        """The node is there."""
        if not self._failures:  # nothing was held against it
            return
        self._failures, self._last, self._retry_at_s = 0, None, 0.0
        self._trying = False
        self._backoff.reset()

    def failed(self, error: Unavailable) -> None:
        """It was not reached, or said nothing in time."""
        self._failures += 1
        self._last = error
        if self._failures >= FAILURES_MAX:
            self._retry_at_s = self._clock.monotonic() + self._backoff.next_s()

    def now(self) -> Circuit:
        """As people are told."""
        state = "trying" if self._trying else "open" if self._retry_at_s else "closed"
        said = self._last.message if self._last else ""
        retry_at_ms = 0
        if self._retry_at_s:
            left_s = self._retry_at_s - self._clock.monotonic()
            retry_at_ms = self._clock.now_ms() + math.ceil(left_s * 1_000)
        return Circuit(self._name, state, self._failures, retry_at_ms, said, self.relayed)

    def admit(self) -> bool:
        """Whether this call is the one that finds out; Unavailable when it may not go."""
        if not self._retry_at_s:
            return False
        now_s = self._clock.monotonic()
        if now_s < self._retry_at_s:
            last = self._last
            raise Unavailable(
                last.message if last else "it does not answer", hint=last.hint if last else ""
            )
        # A trial that says nothing, such as a stream on which nothing happens, is followed by
        # another: it must not keep everybody out.
        self._retry_at_s = now_s + OPEN_MOST_S
        self._trying = True
        return True

    def tried(self) -> None:
        """The call that finds out has ended."""
        self._trying = False


class _Watched:
    """The block of one call, from which its breaker learns. No generator: each call pays for it."""

    __slots__ = ("_attempt", "_breaker", "_trial")

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._attempt = Attempt()
        self._trial = False

    def __enter__(self) -> Attempt:
        self._trial = self._breaker.admit()
        return self._attempt

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A refusal is an answer; a call that was cancelled before one says nothing.
        if error is None or self._attempt.answered:
            self._breaker.succeeded()
        elif isinstance(error, Unavailable):
            self._breaker.failed(error)
        if self._trial:
            self._breaker.tried()
