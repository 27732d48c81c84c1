"""Where texts wait for the embedder: questions beside the others, in slices, and not too many."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from common.errors import Corrupt, OverLimit, Unavailable
from dragon_node.inference.embedding.embedder import Vectors
from dragon_node.inference.embedding.pace import Pace

Run = Callable[[Sequence[str], bool], Awaitable[Vectors]]
"""Vectors of one slice: (texts, whether they are questions) to (len(texts), dimension)."""

QUESTIONS_MAX = 64
"""Questions that may wait at a time; the next is refused."""
TEXTS_MAX = 4_096
"""Texts to keep that may wait at a time; a list that goes beyond it is refused whole."""
SLICE_TEXTS = 64
"""At most; fewer when they are long or the model is slow."""


@dataclass(eq=False, slots=True)
class _Call:
    texts: Sequence[str]
    rows: Vectors
    done: asyncio.Future[None]
    order: deque[int] = field(default_factory=deque[int])
    """Rows that no slice has taken, the shortest text first."""
    left: int = 0
    """Rows that are not there yet."""


_Part = tuple[_Call, int]


class QueuedEmbedder:
    """An Embedder over anything that makes vectors of a slice: one of questions and one of texts
    to keep are made at a time, so that no question waits behind texts that wait for memory.

    What `run` does one after the other it takes in the order in which it is asked. Small
    calls of a kind share a slice; when it fails each of them is tried alone, so that no caller
    fails for another's text. Lives on one event loop.
    """

    def __init__(
        self,
        identity: str,
        dimension: int,
        run: Run,
        *,
        slice_texts: int = SLICE_TEXTS,
        questions_max: int = QUESTIONS_MAX,
        texts_max: int = TEXTS_MAX,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Starts nothing yet. `run` is never called again before its last call of that kind has
        ended."""
        self._id = identity
        self._dimension = dimension
        self._run = run
        self._slice_texts = slice_texts
        self._pace = Pace() if pace is None else pace
        self._clock = clock
        self._limits = {True: questions_max, False: texts_max}
        self._calls: dict[bool, list[_Call]] = {True: [], False: []}
        self._workers: dict[bool, asyncio.Task[None]] = {}
        self._embedded = 0
        self._closed = False

    @property
    def id(self) -> str:
        """See Embedder."""
        return self._id

    @property
    def dimension(self) -> int:
        """See Embedder."""
        return self._dimension

    @property
    def waiting(self) -> int:
        """Texts that somebody waits for, those of the slice that is being made included."""
        return sum(call.left for calls in self._calls.values() for call in calls)

    @property
    def embedded(self) -> int:
        """Texts that have got their vector since the start."""
        return self._embedded

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """See Embedder. Cancelling it takes back what no slice has taken yet."""
        rows = np.zeros((len(texts), self._dimension), dtype=np.float32)
        if not texts:
            return rows
        if self._closed:
            raise Unavailable("the embedder has stopped")
        self._check_room(len(texts), query)
        shortest_first = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        done = asyncio.get_running_loop().create_future()
        call = _Call(texts, rows, done, deque(shortest_first), len(texts))
        self._calls[query].append(call)
        if query not in self._workers:
            self._workers[query] = asyncio.create_task(self._work(query), name="embedder queue")
        try:
            await call.done
        finally:
            self._leave(call)
        return rows

    async def close(self) -> None:
        """Ends the slices that are being made; whoever waits or comes later gets Unavailable."""
        self._closed = True
        for worker in (workers := list(self._workers.values())):
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def _check_room(self, texts: int, query: bool) -> None:
        waiting = sum(call.left for call in self._calls[query])
        if waiting + texts > self._limits[query]:
            kind = "questions" if query else "texts"
            raise OverLimit(
                f"{waiting} {kind} already wait for the embedder and this would add {texts}; "
                f"{self._limits[query]} at most",
                hint="try again in a moment",
            )

    async def _work(self, query: bool) -> None:
        try:
            while parts := self._next(query):
                await self._serve(parts, query)
        finally:
            del self._workers[query]
            for call in self._calls[query]:
                self._fail(call, Unavailable("the embedder has stopped"))

    def _next(self, query: bool) -> list[_Part]:
        """The oldest calls' shortest texts that together make a slice."""
        parts: list[_Part] = []
        width = 0
        for call in self._calls[query]:
            while call.order:
                width = max(width, len(call.texts[call.order[0]]))
                full = len(parts) == self._slice_texts
                if parts and (full or width * (len(parts) + 1) > self._pace.chars):
                    return parts
                parts.append((call, call.order.popleft()))
        return parts

    async def _serve(self, parts: Sequence[_Part], query: bool) -> None:
        texts = [call.texts[row] for call, row in parts]
        began = self._clock()
        try:
            rows = await self._run(texts, query)
            self._check(rows, len(parts))
        except Exception as why:  # whatever it is, the callers are told and the others go on
            await self._blame(why, parts, query)
            return
        if not query:  # a question's time is mostly that of the texts before it
            self._pace.learn(len(texts) * max(map(len, texts)), self._clock() - began)
        self._embedded += len(parts)
        for (call, row), vector in zip(parts, rows, strict=True):
            call.rows[row] = vector
            call.left -= 1
            if call.left == 0 and not call.done.done():
                call.done.set_result(None)

    async def _blame(self, why: Exception, parts: Sequence[_Part], query: bool) -> None:
        calls = dict.fromkeys(call for call, _ in parts)
        if len(calls) == 1:
            self._fail(parts[0][0], why)
            return
        for call in calls:
            if not call.done.done():
                await self._serve([part for part in parts if part[0] is call], query)

    def _check(self, rows: Vectors, texts: int) -> None:
        if rows.shape != (texts, self._dimension):
            raise Corrupt(
                f"the embedder gave {rows.shape} numbers for {texts} texts of {self._dimension}"
            )
        if not np.isfinite(rows).all():
            raise Unavailable(
                "the embedder gave no direction for a text", hint="restart the Dragon"
            )

    def _fail(self, call: _Call, why: Exception) -> None:
        call.order.clear()
        if not call.done.done():
            call.done.set_exception(why)

    def _leave(self, call: _Call) -> None:
        call.order.clear()
        for calls in self._calls.values():
            if call in calls:
                calls.remove(call)
