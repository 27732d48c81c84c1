"""The embedders of the catalogue, each behind its queue, and the one that the lake uses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from common.errors import Invalid, Unavailable
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.entries import Entry, Wheel
from dragon_node.inference.embedding.embedder import Vectors
from dragon_node.inference.embedding.identity import identity
from dragon_node.inference.embedding.onnx_bge import OnnxBge
from dragon_node.inference.embedding.queue import QueuedEmbedder
from dragon_node.inference.scheduling.scheduler import Scheduler

ARRIVAL_POLL_S = 1.0
"""How often whoever waits for a model looks at the disk: another process brings it."""
ONNX_BYTES = 100_000_000
"""What bge takes on onnxruntime, its weights and buffers: 90 MB were measured after 300 texts."""


class Embedders:
    """On one event loop. The lake's embedder is chosen at the start and stays until the next one:
    vectors of two are never mixed."""

    def __init__(self, catalog: Catalog, scheduler: Scheduler) -> None:
        self._catalog = catalog
        self._scheduler = scheduler
        self._queues: dict[str, QueuedEmbedder] = {}
        self._onnx: dict[str, OnnxBge] = {}
        self.chosen: Entry = _chosen(catalog)

    @property
    def lake(self) -> QueuedEmbedder:
        """The chosen one. Its `embed` is Unavailable while its weights have not arrived."""
        return self.named(self.chosen)

    @property
    def waiting(self) -> int:
        """Texts that wait for any of them."""
        return sum(queue.waiting for queue in self._queues.values())

    @property
    def embedded(self) -> int:
        """Texts that got their vector."""
        return sum(queue.embedded for queue in self._queues.values())

    def onnx_loaded(self, name: str) -> bool | None:
        """Whether it is in memory; None for those that are on MLX, which the scheduler knows."""
        if name in self._onnx:
            return self._onnx[name].loaded
        return False if any(e.name == name and is_onnx(e) for e in self._catalog.entries) else None

    def named(self, entry: Entry) -> QueuedEmbedder:
        """One of the catalogue. Invalid when it does not embed; Unavailable when it is not there
        and only its files say what it is."""
        if entry.purpose != "embedding":
            raise Invalid(f"{entry.name} speaks; it does not embed", field="model")
        if entry.name not in self._queues:
            self._queues[entry.name] = self._queue(entry)
        return self._queues[entry.name]

    async def arrived(self) -> None:
        """Returns when the chosen one's weights are there."""
        while True:
            try:
                await asyncio.to_thread(self._catalog.locate, self.chosen)
                return
            except Unavailable:
                await asyncio.sleep(ARRIVAL_POLL_S)

    async def close(self) -> None:
        """Ends their queues and frees what is not the scheduler's."""
        for queue in self._queues.values():
            await queue.close()
        for onnx in self._onnx.values():
            await asyncio.to_thread(onnx.close)

    def _queue(self, entry: Entry) -> QueuedEmbedder:
        if is_onnx(entry):
            onnx = OnnxBge(partial(self._catalog.locate, entry))
            self._onnx[entry.name] = onnx
            return onnx.queued()
        known = identity(entry, self._catalog.locate(entry))
        return QueuedEmbedder(known.id, known.dimension, partial(self._vectors, entry.name))

    async def _vectors(self, name: str, texts: Sequence[str], query: bool) -> Vectors:
        return await self._scheduler.vectors(name, texts, query=query)


def is_onnx(entry: Entry) -> bool:
    """Runs beside MLX, on onnxruntime."""
    return isinstance(entry.source, Wheel) and entry.source.pin.form == "onnx"


def _chosen(catalog: Catalog) -> Entry:
    """The best that is there; else the one that needs nothing, which may arrive."""
    best = catalog.embedder()
    if best is not None and (is_onnx(best) or catalog.is_whole(best)):
        return best
    for entry in catalog.entries:
        if is_onnx(entry):
            return entry
    raise Unavailable(
        "the catalogue has no embedder that is on this machine",
        hint="pull one with postdevai models pull, or take `remove` from bge's entry",
    )
