"""The door to the models: what there is, who speaks, who embeds, and what it all takes."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from common.alongside import alongside
from common.clock import Clock
from common.errors import Conflict, Invalid, OverLimit, Unavailable
from common.model.llm import (
    Generated,
    GenerationRequest,
    InferenceStats,
    Model,
    ModelChange,
    ModelList,
)
from dragon_node.inference.budget.gauge import Gauge
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.catalog.pinned import Pinned
from dragon_node.inference.embedders import ONNX_BYTES, Embedders, is_onnx
from dragon_node.inference.embedding.embedder import Embedder
from dragon_node.inference.fetching.pulling import Pulling
from dragon_node.inference.numbers import stats_of
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.scheduling.scheduler import Scheduler
from dragon_node.inference.scheduling.source import Alternative
from dragon_node.inference.standing import Standing
from dragon_node.inference.stock import Stock

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_S = 0.25
"""Between two looks at how far a load has come."""
READING_MAX = 64
"""Prompts that are read, or wait for that; the next is refused."""
READERS = 2
"""Prompts that are read at a time, beside the thread that owns MLX."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A model that can answer now."""

    entry: Entry
    count: Callable[[str], int]
    """Tokens of a text, as this model reads it."""
    prompt_tokens: int
    """Tokens that a question's prompt may take."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the models are made of; opened.py puts them together."""

    catalog: Catalog
    stock: Stock
    pinned: Pinned
    governor: Governor
    pulling: Pulling
    gauge: Gauge
    clock: Clock
    prefill_tokens: int = 0
    """See Scheduler."""


class Models:
    """On one event loop, over one models directory. Models may arrive while the daemon runs."""

    def __init__(self, parts: Parts) -> None:
        self._catalog = parts.catalog
        self._stock = parts.stock
        self._pinned = parts.pinned
        self._governor = parts.governor
        self._pulling = parts.pulling
        self._gauge = parts.gauge
        self._scheduler = Scheduler(
            parts.stock, parts.governor, told=self._told, prefill_tokens=parts.prefill_tokens
        )
        self._embedders = Embedders(parts.catalog, self._scheduler)
        self._standing = Standing(
            parts.catalog, parts.stock, self._embedders, self._scheduler.residency, parts.clock
        )
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._loads: set[asyncio.Task[None]] = set()
        self._reading = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, parts: Parts) -> AsyncGenerator[Models]:
        """Begins to load what is pinned, and nothing else. Closing ends the threads after their
        present step."""
        opened = cls(parts)
        try:
            if is_onnx(opened._embedders.chosen):
                parts.governor.set_embedder(ONNX_BYTES)
            await opened._standing.begin()
            opened._pin()
            async with alongside(opened._standing.look_again()):
                yield opened
        finally:
            await opened._close()

    @property
    def embedder(self) -> Embedder:
        """The lake's. Its `embed` is Unavailable while its weights have not arrived."""
        return self._embedders.lake

    @property
    def requests(self) -> int:
        """Requests that wait for a model or run on one."""
        return self._scheduler.requests

    @property
    def fault(self) -> str:
        """Why nothing can be generated; empty when it can."""
        return self._scheduler.fault

    def embedder_named(self, name: str) -> Embedder:
        """By name; empty is the lake's."""
        return self._embedders.named(self._catalog.find(name)) if name else self.embedder

    async def embedder_arrived(self) -> None:
        """Returns when the weights of the lake's embedder are there."""
        await self._embedders.arrived()

    async def quiet(self) -> None:
        """Returns when no question is being answered."""
        await self._scheduler.idle()

    async def catalog(self) -> ModelList:
        """Every model with its state, in catalogue order."""
        models = await self._standing.all()
        return ModelList(models, self._catalog.fault, str(self._catalog.toml_path))

    async def stats(self) -> InferenceStats:
        """What the models take and do."""
        counts = self._scheduler.counts()
        stats = await asyncio.to_thread(stats_of, self._governor.ledger, counts, self._gauge)
        return dataclasses.replace(
            stats,
            embedded=self._embedders.embedded,
            embedding_waiting=self._embedders.waiting,
            fault=self.fault,
        )

    async def speaker(self) -> Speaker:
        """Who answers questions, already loading. Unavailable says why nobody does."""
        entry = self._catalog.speaker()
        if entry is None:
            raise Unavailable("no model: the catalogue has none that answers")
        reader = await self._beside(lambda: self._stock.reader(entry))
        self._scheduler.prepare(entry.name, "a question was asked")
        return Speaker(entry, reader.count, entry.prompt_tokens or reader.context * 3 // 4)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Generated]:
        """`request.model` is a name or a purpose. Closing the iterator cancels."""
        entry = self._catalog.find(request.model or "fast")
        if entry.purpose == "embedding":
            raise Invalid(f"{entry.name} embeds; it does not speak", field="model")
        others = [] if request.only_this_model else self._alternatives(entry)
        instead = ""
        while True:
            try:
                prompted = await self._beside(partial(self._read, entry, request))
                break
            except Unavailable as why:  # its weights are not there: one that may stand in answers
                if not others:
                    raise
                instead = f"{why.message}; {others[0].name} answers"
                entry = others.pop(0)
        alternatives = [Alternative(e.name, partial(self._read, e, request)) for e in others]
        pieces = self._scheduler.generate(entry.name, prompted, alternatives)
        async with aclosing(pieces):
            async for piece in pieces:
                if instead:
                    said = "; ".join(s for s in (instead, piece.instead) if s)
                    piece, instead = dataclasses.replace(piece, instead=said), ""
                yield piece

    async def load(self, name: str) -> AsyncGenerator[Model]:
        """How far it is, until it is loaded. Closing leaves the load to go on."""
        entry = self._catalog.find(name)
        self._must_be_mlx(entry)
        task = asyncio.create_task(self._scheduler.load(entry.name, "asked for by its owner"))
        self._loads.add(task)
        task.add_done_callback(self._load_ended)
        shown: Model | None = None
        while not task.done():
            await asyncio.wait([task], timeout=LOOK_S)
            model = await self._standing.one(entry.name)
            if model != shown and not task.done():
                shown = model
                yield model
        await task
        yield await self._standing.one(entry.name)

    async def unload(self, name: str, *, now: bool) -> Model:
        """Out of memory, when its requests have ended or now. Conflict when it is pinned."""
        entry = self._catalog.find(name)
        self._must_be_mlx(entry)
        await self._scheduler.unload(entry.name, now=now)
        return await self._standing.one(entry.name)

    async def pin(self, name: str, *, pinned: bool) -> Model:
        """Kept in memory from now on, or let go; begins to load it when it is not there."""
        entry = self._catalog.find(name)
        self._must_be_mlx(entry)
        if entry.pin and not pinned:
            raise Conflict(
                f"{entry.name} is pinned by the catalogue",
                hint=f"take `pin = true` out of its entry in {self._catalog.toml_path}",
            )
        await asyncio.to_thread(partial(self._pinned.set, entry.name, pinned=pinned))
        self._pin()
        self._standing.told(entry.name)
        return await self._standing.one(entry.name)

    async def pull(self, name: str) -> AsyncGenerator[Model]:
        """How much has arrived, until all has. Closing ends the fetch."""
        entry = self._catalog.find(name)
        async with aclosing(self._pulling.pull(entry)) as arrivals:
            async for _ in arrivals:
                await self._standing.tell()
                yield await self._standing.one(entry.name)

    def watch(self, after: int) -> AsyncGenerator[ModelChange]:
        """Every change from a cursor on, without end."""
        return self._standing.watch(after)

    def _read(self, entry: Entry, request: GenerationRequest) -> Prompted:
        return self._stock.reader(entry).read(request)

    def _alternatives(self, entry: Entry) -> list[Entry]:
        return list(self._catalog.alternatives(entry))

    def _told(self, name: str) -> None:
        self._standing.told(name)

    async def _beside(self, work: Callable[[], T]) -> T:
        if self._reading >= READING_MAX:
            raise OverLimit(
                f"{self._reading} prompts are already being read, {READING_MAX} at most",
                hint="ask again in a moment",
            )
        self._reading += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._reading -= 1

    def _must_be_mlx(self, entry: Entry) -> None:
        if is_onnx(entry):
            raise Conflict(
                f"{entry.name} runs beside MLX and is in memory whenever it is needed",
                hint="there is nothing to load, unload or pin",
            )

    def _pin(self) -> None:
        """What the catalogue pins and what was pinned at run time; what is there is loaded."""
        kept = self._pinned.names()
        pinned = [e for e in self._catalog.entries if (e.pin or e.name in kept) and not is_onnx(e)]
        self._scheduler.pin({e.name for e in pinned})
        for entry in pinned:
            if self._catalog.is_whole(entry):
                self._scheduler.prepare(entry.name, "it is pinned")

    def _load_ended(self, task: asyncio.Task[None]) -> None:
        self._loads.discard(task)
        if not task.cancelled() and (why := task.exception()) is not None:
            log.warning("a model was not loaded: %s", why)

    async def _close(self) -> None:
        await self._embedders.close()
        await self._scheduler.close()
        await self._pulling.close()
        for task in list(self._loads):
            task.cancel()
        await asyncio.gather(*self._loads, return_exceptions=True)
        self._threads.shutdown(wait=True, cancel_futures=True)
