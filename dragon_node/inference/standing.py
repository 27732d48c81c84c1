"""Every model as it is now, on disk and in memory, and the feed of what changes about it."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncGenerator, Callable

from common.clock import Clock
from common.errors import Missing
from common.model.llm import Model, ModelChange
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.embedders import ONNX_BYTES, Embedders
from dragon_node.inference.feed import ModelFeed
from dragon_node.inference.scheduling.residency import Residency
from dragon_node.inference.stock import Stock

log = logging.getLogger(__name__)


class Standing:
    """On one event loop, but for `told`."""

    def __init__(
        self,
        catalog: Catalog,
        stock: Stock,
        embedders: Embedders,
        residency: Callable[[str], Residency],
        clock: Clock,
    ) -> None:
        """`residency` says what is known of a model in memory, to any thread."""
        self._catalog = catalog
        self._stock = stock
        self._embedders = embedders
        self._residency = residency
        self._loop = asyncio.get_running_loop()
        self._feed = ModelFeed(clock, self.all)
        self._looking = asyncio.Lock()
        self._on_disk: dict[str, Model] = {}
        self.unknown = asyncio.Event()
        """Set when something is told of a model that no look has found yet."""
        self._heard: dict[str, Residency] = {}
        """What the feed was told last: it tells in order, whatever is the case by then."""

    async def begin(self) -> None:
        """What is so already is no change."""
        try:
            self._feed.begin([_told_of(model) for model in await self.all()])
        except Exception:  # whatever lies on the disk: the models that are well must serve
            log.exception("the models cannot be looked at")

    async def all(self) -> tuple[Model, ...]:
        """In catalogue order."""
        await self._look()
        return tuple(self._model(m, self._residency(m.name)) for m in self._on_disk.values())

    async def one(self, name: str) -> Model:
        """By its name. Missing when it has left the catalogue."""
        for model in await self.all():
            if model.name == name:
                return model
        raise Missing(f"{name} has left the catalogue")

    def watch(self, after: int) -> AsyncGenerator[ModelChange]:
        """Every change from a cursor on, without end."""
        return self._feed.changes(after)

    def told(self, name: str) -> None:
        """Something about it changed. From any thread: what it is now, before the next change
        overtakes it."""
        known = self._residency(name)
        try:
            self._loop.call_soon_threadsafe(self._changed, name, known)
        except RuntimeError:
            return  # the loop has ended: nobody watches any more

    async def tell(self) -> None:
        """What has changed on disk, now."""
        await self._look()
        for name, model in self._on_disk.items():
            self._feed.tell(_told_of(self._model(model, self._heard.get(name, Residency()))))
        self._feed.keep(self._on_disk.keys())

    async def _look(self) -> None:
        self.unknown.clear()
        async with self._looking:  # a slow look must not overwrite what a later one has found
            found = await asyncio.to_thread(self._catalog.models)
            self._on_disk = {model.name: model for model in found}

    def _changed(self, name: str, known: Residency) -> None:
        self._heard[name] = known
        if (model := self._on_disk.get(name)) is not None:
            self._feed.tell(_told_of(self._model(model, known)))
        else:
            self.unknown.set()

    def _model(self, model: Model, known: Residency) -> Model:
        """What is on disk, with what is known of it in memory."""
        active = model.name == self._embedders.name
        if (onnx := self._embedders.onnx_loaded(model.name)) is not None:
            loaded = onnx and model.state == "ready"
            state, size = ("loaded", ONNX_BYTES) if loaded else (model.state, 0)
            return dataclasses.replace(model, state=state, bytes=size, active=active)
        in_memory = known.state in ("loading", "loaded")
        failed = known.state == "failed" and model.state == "ready"
        state = known.state if in_memory or failed else model.state
        return dataclasses.replace(
            model,
            state=state,
            progress=known.progress if state == "loading" else model.progress,
            bytes=known.bytes,
            requests=known.requests,
            used_ms=known.used_ms,
            detail=known.detail if in_memory else known.detail or model.detail,
            reason=known.reason,
            pinned=known.pinned,
            active=active,
            tools=self._stock.takes_tools(model.name),
        )


def _told_of(model: Model) -> Model:
    """Requests come and go all the time: that is no change of a model."""
    return dataclasses.replace(model, requests=0, used_ms=0)
