"""The door to the models: what there is, who speaks, and the embedder."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.errors import Invalid, Unavailable
from common.model.llm import Generated, Model
from dragon_node.inference.catalog.catalog import Catalog, Entry
from dragon_node.inference.embedding.bge import BgeEmbedder
from dragon_node.inference.embedding.embedder import Embedder
from dragon_node.inference.engines.batched import MlxEngine
from dragon_node.inference.fetching import pins
from dragon_node.inference.scheduling.scheduler import Prompt, Scheduler

ARRIVAL_POLL_S = 1.0
"""How often whoever waits for a model looks at the disk: another process brings it."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A model that can answer now."""

    entry: Entry
    count: Callable[[str], int]
    """Tokens of a text, as this model reads it."""


class Models:
    """Models over one models directory. They may arrive while the daemon runs."""

    def __init__(self, catalog: Catalog, scheduler: Scheduler, embedder: BgeEmbedder) -> None:
        self._catalog = catalog
        self._scheduler = scheduler
        self._embedder = embedder
        self._counters: dict[str, Callable[[str], int]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, directory: Path) -> AsyncGenerator[Models]:
        """Starts the threads; loads nothing yet. Closing ends them after their present step."""
        catalog = Catalog(directory)
        embedding = catalog.find(pins.BGE.model)
        embedder = BgeEmbedder(lambda: catalog.locate(embedding))
        scheduler = Scheduler(lambda name: MlxEngine(catalog.locate(catalog.find(name))))
        try:
            yield cls(catalog, scheduler, embedder)
        finally:
            await scheduler.close()
            await asyncio.to_thread(embedder.close)

    @property
    def embedder(self) -> Embedder:
        """Raises Unavailable while its model has not arrived."""
        return self._embedder

    @property
    def requests(self) -> int:
        """Requests that wait for a model or run on one."""
        return self._scheduler.requests

    async def list(self) -> tuple[Model, ...]:
        """The catalogue with its states, in catalogue order."""
        found = await asyncio.to_thread(self._catalog.models)
        return tuple(self._with_residency(m) for m in found)

    async def speaker(self) -> Speaker:
        """Who answers questions, already loading. Unavailable says why nobody does."""
        entry = self._catalog.speaker()
        if entry is None:
            raise Unavailable("no model: the catalogue has none that answers")
        directory = await asyncio.to_thread(self._catalog.locate, entry)
        self._scheduler.prepare(entry.name)
        if entry.name not in self._counters:
            self._counters[entry.name] = await asyncio.to_thread(_counter, directory)
        return Speaker(entry, self._counters[entry.name])

    def generate(self, prompt: Prompt) -> AsyncGenerator[Generated]:
        """`prompt.model` is a name or a purpose. Closing the iterator cancels."""
        entry = self._catalog.find(prompt.model)
        if entry.purpose == "embedding":
            raise Invalid(f"{entry.name} embeds; it does not speak", field="model")
        return self._scheduler.generate(dataclasses.replace(prompt, model=entry.name))

    async def quiet(self) -> None:
        """Returns when no question is being answered."""
        await self._scheduler.idle()

    async def embedder_arrived(self) -> None:
        """Returns when the embedder's weights are there."""
        entry = self._catalog.find(pins.BGE.model)
        while True:
            try:
                await asyncio.to_thread(self._catalog.locate, entry)
                return
            except Unavailable:
                await asyncio.sleep(ARRIVAL_POLL_S)

    def _with_residency(self, model: Model) -> Model:
        if model.state != "ready":
            return model
        if model.name == pins.BGE.model:
            state, size = ("loaded", pins.BGE.kept_bytes) if self._embedder.loaded else ("ready", 0)
            return dataclasses.replace(model, state=state, bytes=size)
        residency = self._scheduler.residency(model.name)
        if residency.failed:
            return dataclasses.replace(model, state="failed", detail=residency.failed)
        if residency.loaded:
            return dataclasses.replace(model, state="loaded", bytes=residency.bytes)
        return model


def _counter(directory: Path) -> Callable[[str], int]:
    tokenizers: Any = importlib.import_module("tokenizers")
    tokenizer: Any = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    return count
