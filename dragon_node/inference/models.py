"""The door to the models: what there is, who speaks, who embeds, and what it all takes."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from common.alongside import alongside
from common.clock import Clock
from common.errors import Conflict, Invalid, PostDevAIError, Unavailable
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
from dragon_node.inference.catalog.embedding_choice import Choice
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.catalog.pinned import Pinned
from dragon_node.inference.embedders import Embedders, is_onnx
from dragon_node.inference.embedding.embedder import Embedder
from dragon_node.inference.fetching.pulling import Pulling
from dragon_node.inference.numbers import stats_of
from dragon_node.inference.reading_stage import ReadingStage
from dragon_node.inference.scheduling.scheduler import Scheduler
from dragon_node.inference.scheduling.source import Alternative
from dragon_node.inference.shared_loads import SharedLoads
from dragon_node.inference.standing import Standing
from dragon_node.inference.stock import Stock
from dragon_node.inference.upkeep import Upkeep

log = logging.getLogger(__name__)

LOOK_S = 0.25
"""Between two looks at how far a load has come."""
LOOK_AGAIN_S = 2.0
"""Between two looks at the disk: models arrive by other processes, and the catalogue is edited."""


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
    choice: Choice
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
        self._embedders = Embedders(
            parts.catalog, parts.stock, parts.choice, parts.governor, self._scheduler
        )
        self._standing = Standing(
            parts.catalog, parts.stock, self._embedders, self._scheduler.residency, parts.clock
        )
        self._stage = ReadingStage(parts.stock, parts.governor.now_s)
        self._upkeep = Upkeep(parts.catalog, parts.pinned, parts.governor, self._scheduler)
        self._loads = SharedLoads(self._scheduler)

    @classmethod
    @asynccontextmanager
    async def open(cls, parts: Parts) -> AsyncGenerator[Models]:
        """Begins to load what is pinned, and nothing else. Closing ends the threads after their
        present step."""
        opened = cls(parts)
        try:
            await opened._embedders.begin()
            await opened._standing.begin()
            await opened._look()
            async with alongside(opened._look_again()):
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

    async def speaker(self, wanted: str = "", *, prepare: bool = True) -> Speaker:
        """Who answers questions, already loading: the best that is whole; one that failed when it
        was last asked only when there is no other. Unavailable says why nobody does.

        `wanted`: that one and no other, by name or purpose; Missing names those that there are.
        `prepare`: False only looks, and nothing is loaded.
        """
        first: PostDevAIError | None = None
        entries = (
            self._wanted(wanted)
            if wanted
            else sorted(self._catalog.speakers(), key=self._has_failed)
        )
        for entry in entries:
            try:
                reader = await self._stage.reader(entry)
                parameters = entry.parameters or self._catalog.shape(entry).parameters
            except PostDevAIError as why:
                first = first or Unavailable(why.message, hint=why.hint)
                continue
            if prepare:
                self._scheduler.prepare(entry.name, "a question was asked")
            prompt_tokens = entry.prompt_tokens or reader.context * 3 // 4
            entry = dataclasses.replace(entry, parameters=parameters)
            return Speaker(entry, reader.count, prompt_tokens)
        raise first or Unavailable("no model: the catalogue has none that answers")

    def _wanted(self, name: str) -> list[Entry]:
        entry = self._catalog.find(name)
        if entry.purpose == "embedding":
            known = ", ".join(each.name for each in self._catalog.speakers())
            raise Invalid(
                f"{entry.name} makes vectors and does not answer",
                field="model",
                hint=f"those that answer: {known}" if known else "there is none that answers",
            )
        return [entry]

    def _has_failed(self, entry: Entry) -> bool:
        return self._scheduler.residency(entry.name).state == "failed"

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Generated]:
        """`request.model` is a name or a purpose. Closing the iterator cancels."""
        arrived_s = self._governor.now_s()
        try:
            entry = self._catalog.find(request.model or "fast")
            others = () if request.only_this_model else self._catalog.alternatives(entry)
            read = await self._stage.read_by_one((entry, *others), request, arrived_s)
        except PostDevAIError:
            self._scheduler.turned_away()
            raise
        alternatives = [
            Alternative(e.name, partial(self._stage.read_from_thread, e, request, arrived_s))
            for e in read.others
        ]
        pieces = self._scheduler.generate(
            read.entry.name, read.prompted, alternatives, arrived_s=arrived_s, instead=read.instead
        )
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def load(self, name: str) -> AsyncGenerator[Model]:
        """How far it is, until it is loaded. Closing leaves the load to go on: it is one for all
        who ask."""
        entry = self._catalog.find(name)
        self._must_be_mlx(entry)
        task = self._loads.of(entry.name)
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
        await self._upkeep.look()
        if pinned and await asyncio.to_thread(self._catalog.is_whole, entry):
            self._scheduler.prepare(entry.name, "it is pinned")
        self._standing.told(entry.name)
        return await self._standing.one(entry.name)

    async def pull(self, name: str) -> AsyncGenerator[Model]:
        """How much has arrived, until all has. Closing ends the fetch."""
        entry = self._catalog.find(name)
        async with aclosing(self._pulling.pull(entry)) as arrivals:
            try:
                async for _ in arrivals:
                    await self._standing.tell()
                    yield await self._standing.one(entry.name)
            except PostDevAIError:
                await self._standing.tell()  # that it failed is a change too
                raise

    def watch(self, after: int) -> AsyncGenerator[ModelChange]:
        """Every change from a cursor on, without end."""
        return self._standing.watch(after)

    def _told(self, name: str) -> None:
        self._standing.told(name)

    def _must_be_mlx(self, entry: Entry) -> None:
        if is_onnx(entry):
            raise Conflict(
                f"{entry.name} runs beside MLX and is in memory whenever it is needed",
                hint="there is nothing to load, unload or pin",
            )

    async def _look_again(self) -> None:
        """Looks at the disk, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._standing.unknown.wait()
            except TimeoutError:
                pass
            await self._look()

    async def _look(self) -> None:
        try:
            await self._standing.tell()
            await self._upkeep.look()
        except Exception:  # whatever lies on the disk: the models that are well must serve
            log.exception("the models cannot be looked at")

    async def _close(self) -> None:
        await self._embedders.close()
        await self._scheduler.close()
        await self._pulling.close()
        await self._upkeep.close()
        await self._loads.close()
        await self._stage.close()
