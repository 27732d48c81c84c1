"""What callers hand to the owner thread, in the order in which it is looked at."""

from __future__ import annotations

import threading
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass, field

from common.errors import OverLimit, Unavailable
from dragon_node.inference.scheduling.calls import Call, Embedding, Loading, Speaking
from dragon_node.inference.scheduling.waiters import Waiters

INBOX_MAX = 64
"""Requests that wait, of each kind; the next is refused."""
BACKGROUND_MAX = 48
"""Of them in the background: what a person asks for always finds room beside them."""
WHAT: dict[type[Call], str] = {
    Speaking: "requests",
    Embedding: "texts to embed",
    Loading: "loads",
}
"""What waits, for people."""


@dataclass(slots=True, eq=False)
class Unload:
    """Wants a model out of memory: one for all who wait for that."""

    model: str
    now: bool
    """Ends its requests; else waits for those that are there."""
    asked_s: float
    cancelled: bool = False
    """Nobody wants it any more."""
    waiters: Waiters = field(default_factory=Waiters)

    @property
    def under_way(self) -> bool:
        """Somebody else may still join."""
        return not (self.cancelled or self.waiters.over)


class Inbox:
    """Bounded; every method may be called from any thread."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._poked = False
        self._calls: list[Call] = []
        self._loads: dict[str, Loading] = {}
        """Of each model the newest, begun or not, that may still be joined."""
        self._new_unloads: list[Unload] = []
        self._unloads: dict[str, Unload] = {}
        """The same, with those that the owner thread has taken."""
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
            self._put(call)

    def load(self, asks: Loading) -> tuple[Loading, Future[None]]:
        """Waits with those who wait for the same load already, or as the first. Raises what `put`
        does."""
        with self._news:
            loading = self._joined(asks)
            future = loading.waiters.join()
            if future is None:  # it has ended this very moment
                loading = self._first(asks)
                future = asks.waiters.join()
                assert future is not None
            return loading, future

    def prepare(self, asks: Loading) -> None:
        """The same, but nobody waits for it. Raises what `put` does."""
        with self._news:
            self._joined(asks).kept = True

    def leave(self, loading: Loading, future: Future[None]) -> None:
        """One does not wait any more; without anybody it is not begun."""
        with self._news:
            if loading.waiters.leave(future) and not loading.kept:
                loading.cancelled = True
                self._remove(loading)
                self._poke()

    def unload(self, asks: Unload) -> tuple[Unload, Future[None]]:
        """Waits with those who wait for the same, or as the first. Unavailable while nobody serves;
        OverLimit when too many other models are to leave."""
        with self._news:
            self._must_serve()
            unload = self._unloads.get(asks.model)
            future = unload.waiters.join() if unload is not None and unload.under_way else None
            if unload is None or future is None:
                unload, future = self._first_unload(asks), asks.waiters.join()
                assert future is not None
            unload.now = unload.now or asks.now
            self._poke()
            return unload, future

    def stay(self, unload: Unload, future: Future[None]) -> None:
        """One does not want it out of memory any more; without anybody it stays."""
        with self._news:
            if unload.waiters.leave(future):
                unload.cancelled = True
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
            self._sort()
            return True

    def calls(self) -> tuple[Call, ...]:
        """Who waits, in order."""
        with self._news:
            return tuple(self._calls)

    def waiting(self) -> int:
        """Requests for an answer."""
        with self._news:
            return sum(isinstance(c, Speaking) for c in self._calls)

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
            taken, self._new_unloads = self._new_unloads, []
            return [unload for unload in taken if not unload.cancelled]

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
            unloads, self._new_unloads = self._new_unloads, []
            return calls, unloads

    def open(self) -> None:
        """Takes requests again, unless it was closed for good."""
        with self._news:
            if not self._closing:
                self._shut = ""

    def _must_serve(self) -> None:
        if self._shut:
            raise Unavailable(self._shut, hint="ask again in a moment")

    def _put(self, call: Call) -> None:
        self._must_serve()
        self._room(call)
        self._calls.append(call)
        self._sort()
        self._poke()

    def _sort(self) -> None:
        self._calls.sort(key=lambda c: c.order)  # stable, and nearly sorted

    def _joined(self, asks: Loading) -> Loading:
        """The load of that model that is under way and is not undone at its end."""
        self._must_serve()
        loading, unload = self._loads.get(asks.model), self._unloads.get(asks.model)
        if loading is None or loading.cancelled or loading.waiters.over:
            return self._first(asks)
        if unload is not None and unload.under_way and loading.arrived_s < unload.asked_s:
            return self._first(asks)
        if loading.background and not asks.background:
            loading.background = False
            self._sort()
            self._poke()
        return loading

    def _first(self, asks: Loading) -> Loading:
        self._put(asks)
        self._loads = {m: c for m, c in self._loads.items() if not (c.cancelled or c.waiters.over)}
        self._loads[asks.model] = asks
        return asks

    def _first_unload(self, asks: Unload) -> Unload:
        self._unloads = {model: u for model, u in self._unloads.items() if u.under_way}
        if len(self._unloads) >= INBOX_MAX:
            raise OverLimit(
                f"{len(self._unloads)} models are already to leave memory, {INBOX_MAX} at most",
                hint="ask again in a moment",
            )
        self._unloads[asks.model] = asks
        self._new_unloads = [u for u in self._new_unloads if not u.cancelled]
        self._new_unloads.append(asks)
        return asks

    def _room(self, call: Call) -> None:
        waiting = [c for c in self._calls if type(c) is type(call)]
        background = sum(c.background for c in waiting)
        what = WHAT[type(call)]
        if len(waiting) >= INBOX_MAX:
            raise OverLimit(
                f"{len(waiting)} {what} already wait for a model, {INBOX_MAX} at most",
                hint="ask again in a moment",
            )
        if isinstance(call, Loading):
            return  # there is one of each model, whoever waits for it
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
