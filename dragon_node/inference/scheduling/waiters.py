"""Callers who wait for one and the same thing."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from common.errors import PostDevAIError


class Waiters:
    """Any thread. Whoever leaves is forgotten at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._futures: set[Future[None]] = set()
        self._over = False

    @property
    def over(self) -> bool:
        """Nobody can join any more."""
        return self._over

    def __len__(self) -> int:
        return len(self._futures)

    def join(self) -> Future[None] | None:
        """One more waits; None when it is over already."""
        with self._lock:
            if self._over:
                return None
            future: Future[None] = Future()
            self._futures.add(future)
            return future

    def leave(self, future: Future[None]) -> bool:
        """Does not wait any more. True when that leaves nobody to whom the end could be told."""
        with self._lock:
            self._futures.discard(future)
            return not self._over and not self._futures

    def done(self) -> None:
        """It has happened."""
        for future in self._end():
            future.set_result(None)

    def fail(self, error: PostDevAIError) -> None:
        """It will not, and why."""
        for future in self._end():
            future.set_exception(anew(error))

    def _end(self) -> list[Future[None]]:
        with self._lock:
            self._over = True
            futures, self._futures = self._futures, set()
        return [f for f in futures if f.set_running_or_notify_cancel()]


def anew(error: PostDevAIError) -> PostDevAIError:
    """The same in an exception of its own: several callers raise it."""
    return type(error)(error.message, hint=error.hint, field=error.field)
