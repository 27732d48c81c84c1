"""Where requests are read before they reach the scheduler: beside everything else, and bounded."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from common.errors import Invalid, OverLimit, Unavailable
from common.model.llm import GenerationRequest
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.reading.reader import Reader
from dragon_node.inference.stock import Stock

log = logging.getLogger(__name__)

T = TypeVar("T")

READING_MAX = 64
"""Requests for a model that are read, or wait for that; the next is refused."""
READERS = 2
"""Requests for a model that are read at a time."""
READING_S_MAX = 120.0
"""Nobody waits longer for a prompt: a template may have a loop that does not end."""
CLOSING_S = 5.0
"""So long what is being read may take to end; the process ends without it."""


@dataclass(frozen=True, slots=True)
class ReadByOne:
    """A request that is ready for the scheduler."""

    entry: Entry
    prompted: Prompted
    others: tuple[Entry, ...]
    """Who may stand in for it."""
    instead: str
    """Why this model and not the one that was asked; empty when it is."""


class ReadingStage:
    """On one event loop. A model whose tokenizer is opened, or whose template does not come to an
    end, keeps only those waiting who ask for that model."""

    def __init__(self, stock: Stock, now_s: Callable[[], float]) -> None:
        """`now_s` is the clock of `arrived_s`."""
        self._stock = stock
        self._now_s = now_s
        self._loop = asyncio.get_running_loop()
        self._waiting: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._running: dict[Future[Prompted], str] = {}

    async def read_by_one(
        self, entries: Sequence[Entry], request: GenerationRequest, arrived_s: float
    ) -> ReadByOne:
        """By the model that was asked, the first, or by one that may stand in where it is not to be
        had. Invalid when it does not speak; else as `read`."""
        entry, *others = entries
        if entry.purpose == "embedding":
            raise Invalid(f"{entry.name} embeds; it does not speak", field="model")
        instead = ""
        while True:
            try:
                prompted = await self.read(entry, request, arrived_s)
                return ReadByOne(entry, prompted, tuple(others), instead)
            except Unavailable as why:
                if not others or self._time_is_up(request, arrived_s):
                    raise
                instead = f"{why.message}; {others[0].name} answers"
                entry = others.pop(0)

    async def read(self, entry: Entry, request: GenerationRequest, arrived_s: float) -> Prompted:
        """The request as this model reads it. Invalid names the field at fault; OverLimit when too
        many wait; Unavailable when there is no reader, or when the request's time is up."""
        with self._place(entry.name):
            async with self._within(entry.name, request.timeout_s, arrived_s):
                stamp, opened = self._stock.opened(entry)
                reader = await asyncio.wrap_future(opened)
                turns = self._turns.setdefault(entry.name, asyncio.Semaphore(READERS))
                await turns.acquire()
                reading = _in_a_thread(lambda: reader.read(request))
                self._running[reading] = entry.name
                reading.add_done_callback(lambda done: self._ended(done, turns))
                return replace(await asyncio.wrap_future(reading), stamp=stamp)

    def read_from_thread(
        self, entry: Entry, request: GenerationRequest, arrived_s: float
    ) -> Prompted:
        """`read`, for a thread that is not the loop's."""
        coming = asyncio.run_coroutine_threadsafe(self.read(entry, request, arrived_s), self._loop)
        return coming.result(READING_S_MAX + CLOSING_S)

    async def reader(self, entry: Entry) -> Reader:
        """Unavailable when it is not there, or does not open in time."""
        with self._place(entry.name):
            async with self._within(entry.name, 0.0, self._now_s()):
                return await asyncio.wrap_future(self._stock.opened(entry)[1])

    async def close(self) -> None:
        """Returns when nothing is read any more, or after five seconds: a template that does not
        come to an end is left to end with the process."""
        if self._running:
            await asyncio.wait([asyncio.wrap_future(f) for f in self._running], timeout=CLOSING_S)
        for name in sorted(set(self._running.values())):
            log.warning("a request is still being read: it ends with the process model=%s", name)

    @contextmanager
    def _place(self, name: str) -> Generator[None]:
        if self._waiting[name] >= READING_MAX:
            raise OverLimit(
                f"{self._waiting[name]} requests are already being read for {name}, "
                f"{READING_MAX} at most",
                hint="ask again in a moment",
            )
        self._waiting[name] += 1
        try:
            yield
        finally:
            self._waiting[name] -= 1

    @asynccontextmanager
    async def _within(self, name: str, timeout_s: float, arrived_s: float) -> AsyncGenerator[None]:
        left_s = arrived_s + timeout_s - self._now_s() if timeout_s > 0 else READING_S_MAX
        try:
            async with asyncio.timeout(min(left_s, READING_S_MAX)):
                yield
        except TimeoutError:
            if timeout_s > 0 and left_s < READING_S_MAX:
                raise Unavailable(
                    f"{timeout_s:g} s have passed while {name} read the request",
                    hint="give it more time, or ask when less is running",
                ) from None
            raise Unavailable(
                f"{name} has not read the request within {READING_S_MAX:g} s",
                hint="its tokenizer or its template is at fault: postdevai models pull " + name,
            ) from None

    def _time_is_up(self, request: GenerationRequest, arrived_s: float) -> bool:
        return 0 < request.timeout_s <= self._now_s() - arrived_s

    def _ended(self, reading: Future[Prompted], turns: asyncio.Semaphore) -> None:
        """On the thread that has read; who asked may have left."""

        def give_back() -> None:
            self._running.pop(reading, None)
            turns.release()

        try:
            self._loop.call_soon_threadsafe(give_back)
        except RuntimeError:
            return  # the loop has ended: nobody waits for a turn


def _in_a_thread(work: Callable[[], T]) -> Future[T]:
    """On a daemon thread of its own: one that does not end keeps neither another reading nor the
    process. The future cannot be cancelled."""
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as why:  # whoever waits is told, whatever it is
            done.set_exception(why)

    threading.Thread(target=run, name="reader", daemon=True).start()
    return done
