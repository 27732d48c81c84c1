"""What callers hand to the owner thread, in the order in which it is looked at."""

from __future__ import annotations

import threading
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass

from common.errors import OverLimit, Unavailable
from dragon_node.inference.scheduling.calls import Call, Embedding, Loading, Speaking

INBOX_MAX = 64
"""Requests that wait, of each kind; the next is refused."""
BACKGROUND_MAX = 48
"""Of them in the background: what a person asks for always finds room beside them."""


@dataclass(frozen=True, slots=True)
class Unload:
    """Wants a model out of memory."""

    model: str
    now: bool
    """Ends its requests; else waits for those that are there."""
    asked_s: float
    future: Future[None]


class Inbox:
    """Bounded; every method may be called from any thread."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._poked = False
        self._calls: list[Call] = []
        self._unloads: list[Unload] = []
        self._pins: frozenset[str] = frozenset()
        self._shut = ""
        self._closing = False

    @property
    def shut(self) -> str:
        """Why nothing is taken; empty while it is."""
        return self._shut

    @property
    def pins(self) -> frozenset[str]:
        """Models that are never evicted."""
        return self._pins

    def put(self, call: Call) -> None:
        """Unavailable while nobody serves; OverLimit when it is full."""
        with self._news:
            if self._shut:
                raise Unavailable(self._shut, hint="ask again in a moment")
            self._room(call)
            self._calls.append(call)
            self._calls.sort(key=lambda c: c.order)  # stable, and nearly sorted
            self._poke()

    def unload(self, unload: Unload) -> None:
        """Unavailable while nobody serves."""
        with self._news:
            if self._shut:
                raise Unavailable(self._shut, hint="ask again in a moment")
            self._unloads.append(unload)
            self._poke()

    def pin(self, names: Collection[str]) -> None:
        """The whole set, in the place of the one before."""
        with self._news:
            self._pins = frozenset(names)
            self._poke()

    def cancel(self, call: Call) -> bool:
        """Nobody waits for it any more. True when it was here: it will not be begun."""
        with self._news:
            call.cancelled = True
            self._poke()
            return self._remove(call)

    def take(self, call: Call) -> bool:
        """The owner thread takes it on; False when its caller has gone."""
        with self._news:
            return self._remove(call)

    def give_back(self, call: Call) -> bool:
        """It waits again, in its old place, whatever else waits; False when its caller has gone or
        nobody serves."""
        with self._news:
            if call.cancelled or self._shut:
                return False
            self._calls.append(call)
            self._calls.sort(key=lambda c: c.order)
            return True

    def calls(self) -> tuple[Call, ...]:
        """Who waits, in order."""
        with self._news:
            return tuple(self._calls)

    def waiting(self) -> int:
        """Requests for an answer."""
        with self._news:
            return sum(isinstance(c, Speaking) for c in self._calls)

    def loads(self, model: str) -> bool:
        """Whether somebody already waits for its load."""
        with self._news:
            return any(isinstance(c, Loading) and c.model == model for c in self._calls)

    def poke(self) -> None:
        """Something happened that the owner thread should look at."""
        with self._news:
            self._poke()

    def wait(self, seconds: float | None) -> bool:
        """Returns when something happened, at the latest after so long (None: ever, 0: at once).
        False when it is time to stop."""
        with self._news:
            if seconds != 0:
                self._news.wait_for(lambda: self._poked or self._closing, seconds)
            self._poked = False
            return not self._closing

    def unloads(self) -> list[Unload]:
        """Takes them."""
        with self._news:
            taken, self._unloads = self._unloads, []
            return taken

    def close(self, reason: str) -> None:
        """For good."""
        with self._news:
            self._closing = True
            self._shut = reason
            self._poke()

    def shutting(self, reason: str) -> tuple[list[Call], list[Unload]]:
        """Takes nothing until it is opened; who waited is handed over to be told."""
        with self._news:
            self._shut = self._shut if self._closing else reason
            calls, self._calls = self._calls, []
            unloads, self._unloads = self._unloads, []
            return calls, unloads

    def open(self) -> None:
        """Takes requests again, unless it was closed for good."""
        with self._news:
            if not self._closing:
                self._shut = ""

    def _room(self, call: Call) -> None:
        if isinstance(call, Loading):
            return  # joined: at most one for each model and caller
        waiting = [c for c in self._calls if type(c) is type(call)]
        background = sum(c.background for c in waiting)
        what = "texts to embed" if isinstance(call, Embedding) else "requests"
        if len(waiting) >= INBOX_MAX:
            raise OverLimit(
                f"{len(waiting)} {what} already wait for a model, {INBOX_MAX} at most",
                hint="ask again in a moment",
            )
        if call.background and background >= BACKGROUND_MAX:
            raise OverLimit(
                f"{background} {what} already wait in the background, {BACKGROUND_MAX} at most",
                hint="ask again in a moment",
            )

    def _remove(self, call: Call) -> bool:
        if call not in self._calls:
            return False
        self._calls.remove(call)
        return True

    def _poke(self) -> None:
        self._poked = True
        self._news.notify_all()
