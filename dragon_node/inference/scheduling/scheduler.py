"""Where callers hand requests to the thread that owns the models."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from common.errors import OverLimit, PostDevAIError
from common.model.llm import Generated
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.scheduling.calls import Call, Embedding, Loading, Speaking
from dragon_node.inference.scheduling.counts import Counts, Tally
from dragon_node.inference.scheduling.inbox import Inbox, Unload
from dragon_node.inference.scheduling.lives import BACKOFF_S, Lives
from dragon_node.inference.scheduling.mailbox import Mailbox
from dragon_node.inference.scheduling.owner import Owner, Surroundings
from dragon_node.inference.scheduling.residency import Board, Residency
from dragon_node.inference.scheduling.source import Alternative, Source

log = logging.getLogger(__name__)


def _nobody(name: str) -> None:
    """Nobody watches."""


class Scheduler:
    """Runs requests on models that load when they are first asked for. Made and used on one event
    loop; the work is done on a thread of its own."""

    def __init__(
        self,
        source: Source,
        governor: Governor,
        *,
        told: Callable[[str], None] = _nobody,
        prefill_tokens: int = 0,
        backoff_s: float = BACKOFF_S[0],
    ) -> None:
        """`told(name)` is called, on the owner thread, when a model's residency has changed.
        `prefill_tokens`: tokens of prompts a step, 0 for what keeps
        those who speak from stuttering. `backoff_s`: before a thread that died is followed."""
        self._clock = clock = governor.now_s
        self._inbox = Inbox()
        self._board = Board(told)
        self._tally = Tally(clock)
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="alternatives")
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()
        around = Surroundings(
            source,
            governor,
            self._inbox,
            self._board,
            self._tally,
            clock,
            self._readers,
            prefill_tokens,
        )
        self._lives = Lives(self._inbox, lambda: Owner(around), clock, backoff_s)

    @property
    def requests(self) -> int:
        """Requests that wait or run."""
        return self._open

    @property
    def fault(self) -> str:
        """Why nothing can be generated; empty when it can."""
        return self._lives.fault

    def residency(self, name: str) -> Residency:
        """Whether a model is in memory, and why."""
        residency = self._board.of(name)
        return replace(residency, pinned=name in self._inbox.pins)

    def counts(self) -> Counts:
        """What was done so far, and is being done."""
        counts = self._tally.counts()
        return replace(counts, waiting=counts.waiting + self._inbox.waiting())

    async def idle(self) -> None:
        """Returns when no request waits or runs."""
        await self._idle.wait()

    def turned_away(self) -> None:
        """A request was refused before it came here: it is counted like those refused here."""
        self._tally.ended("refused")

    async def generate(
        self,
        name: str,
        prompted: Prompted,
        alternatives: Sequence[Alternative] = (),
        *,
        arrived_s: float | None = None,
        instead: str = "",
    ) -> AsyncGenerator[Generated]:
        """Pieces as they are made; the last has `finish` and the counts. Closing the iterator
        cancels the request and frees its slot. OverLimit with the numbers when it cannot begin;
        Unavailable when its time is up before it spoke, or its model fails.

        `arrived_s`: on the governor's clock, from which its time counts; None for now. `instead`:
        why this model is asked and not the one that was wanted; the first piece says it."""
        request = prompted.request
        call = Speaking(
            model=name,
            reason="a request asked for it",
            arrived_s=self._clock() if arrived_s is None else arrived_s,
            background=request.background,
            timeout_s=request.timeout_s,
            prompted=prompted,
            mailbox=Mailbox(),
            alternatives=tuple(alternatives),
            instead=instead,
        )
        self._put(call)
        self._open += 1
        self._idle.clear()
        try:
            async with aclosing(call.mailbox.pieces(name)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._cancel(call)
            self._open -= 1
            if self._open == 0:
                self._idle.set()

    async def load(self, name: str, reason: str) -> None:
        """Returns when it is in memory; joins a load under way. Unavailable, Missing or Corrupt
        say why it does not load, OverLimit why there is no room."""
        asks = Loading(model=name, reason=reason, arrived_s=self._clock())
        loading, future = self._inbox.load(asks)
        try:
            await asyncio.wrap_future(future)
        finally:
            self._inbox.leave(loading, future)

    def prepare(self, name: str, reason: str = "needed soon") -> None:
        """Begins to load a model, so that it is there when its prompt is. Nobody waits: what goes
        wrong is told to whoever asks next."""
        if self._board.of(name).state in ("loaded", "loading"):
            return
        asks = Loading(model=name, reason=reason, arrived_s=self._clock(), background=True)
        try:
            self._inbox.prepare(asks)
        except PostDevAIError as why:
            log.info("a model is not loaded beforehand model=%s: %s", name, why.message)

    async def unload(self, name: str, *, now: bool) -> None:
        """Out of memory: after its requests, or at once, which is Unavailable to them. Conflict
        when it is pinned."""
        unload, future = self._inbox.unload(Unload(name, now, self._clock()))
        try:
            await asyncio.wrap_future(future)
        finally:
            self._inbox.stay(unload, future)

    def pin(self, names: Collection[str]) -> None:
        """The whole set of models that are never evicted."""
        self._inbox.pin(names)

    async def vectors(self, name: str, texts: Sequence[str], *, query: bool) -> NDArray[np.float32]:
        """(len(texts), dimension) rows of unit length; loads the model when it is not there.
        A question goes before texts that are to be kept."""
        if not texts:
            return np.zeros((0, 0), np.float32)
        call = Embedding(
            model=name,
            reason="texts are embedded",
            arrived_s=self._clock(),
            background=not query,
            texts=tuple(texts),
            query=query,
        )
        self._put(call)
        try:
            return await asyncio.wrap_future(call.future)
        finally:
            self._cancel(call)

    async def close(self) -> None:
        """Ends the thread after its present step; what still waits or runs is Unavailable."""
        await asyncio.to_thread(self._lives.close)
        self._readers.shutdown(wait=False, cancel_futures=True)

    def _put(self, call: Call) -> None:
        try:
            self._inbox.put(call)
        except PostDevAIError as why:
            if isinstance(call, Speaking):
                self._tally.ended("refused" if isinstance(why, OverLimit) else "failed")
            raise

    def _cancel(self, call: Call) -> None:
        if self._inbox.cancel(call) and isinstance(call, Speaking):
            self._tally.ended("cancelled")
