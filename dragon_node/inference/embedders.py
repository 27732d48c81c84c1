"""The embedders of the catalogue, each behind its queue, and the one that the lake uses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from common.errors import Invalid, Unavailable
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.embedding_choice import Choice, choose
from dragon_node.inference.catalog.entries import Entry, Wheel
from dragon_node.inference.embedding.embedder import Embedder, Vectors
from dragon_node.inference.embedding.onnx_bge import OnnxBge
from dragon_node.inference.embedding.queue import QueuedEmbedder
from dragon_node.inference.scheduling.scheduler import Scheduler
from dragon_node.inference.stock import Stock

log = logging.getLogger(__name__)

ARRIVAL_POLL_S = 1.0
"""How often whoever waits for a model looks at the disk: another process brings it."""
ONNX_BYTES = 100_000_000
"""What bge takes on onnxruntime, its weights and buffers: 90 MB were measured after 300 texts."""


class Embedders:
    """On one event loop. The lake's embedder is the one that it had before, until its owner wants
    another: vectors of two are never mixed."""

    def __init__(
        self,
        catalog: Catalog,
        stock: Stock,
        choice: Choice,
        governor: Governor,
        scheduler: Scheduler,
    ) -> None:
        self._catalog = catalog
        self._stock = stock
        self._choice = choice
        self._governor = governor
        self._scheduler = scheduler
        self._queues: dict[str, QueuedEmbedder] = {}
        self._onnx: dict[str, OnnxBge] = {}
        self._counted: set[str] = set()
        """Those beside MLX that are in memory, or about to be."""
        self.name = self._chosen()
        """Of the lake's; empty while there is none."""
        self.lake: Embedder = LakeEmbedder(self._of_lake)
        """Its `embed` and its `id` are Unavailable while its weights are not there."""

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

    async def begin(self) -> None:
        """What the lake's takes beside MLX is spoken for before any model is loaded."""
        entry = next((e for e in self._catalog.entries if e.name == self.name), None)
        if entry is not None and is_onnx(entry):
            self._count(entry.name, counted=True)
        if entry is not None and await asyncio.to_thread(self._catalog.is_whole, entry):
            await asyncio.to_thread(self._keep)

    async def arrived(self) -> None:
        """Returns when the weights of the lake's are there."""
        while True:
            try:
                await asyncio.to_thread(lambda: self._catalog.locate(self._entry()))
                await asyncio.to_thread(self._keep)
                return
            except Unavailable:
                await asyncio.sleep(ARRIVAL_POLL_S)

    async def close(self) -> None:
        """Ends their queues and frees what is not the scheduler's."""
        for queue in self._queues.values():
            await queue.close()
        for onnx in self._onnx.values():
            await asyncio.to_thread(onnx.close)

    def _chosen(self) -> str:
        """The one that made the lake's vectors, also while nothing is known of it any more: only
        a catalogue that is well says that its owner has taken it out."""
        recorded, entries = self._choice.name, self._catalog.entries
        known = any(e.name == recorded for e in entries)
        if recorded and not known and self._catalog.fault:
            return recorded
        found = choose(entries, recorded, self._catalog.is_whole, is_onnx)
        return found.name if found else ""

    def _entry(self) -> Entry:
        """Unavailable says why the lake has none."""
        self.name = self.name or self._chosen()
        for entry in self._catalog.entries:
            if entry.name == self.name and entry.purpose == "embedding":
                return entry
        if self.name:
            raise Unavailable(
                f"{self.name}, which made the lake's vectors, is not in the catalogue",
                hint=self._catalog.fault or "put its entry back, or restart the Dragon for another",
            )
        raise Unavailable(
            "the catalogue has no embedder that is on this machine",
            hint="pull one with postdevai models pull, or take `remove` from bge's entry",
        )

    def _of_lake(self) -> QueuedEmbedder:
        entry = self._entry()
        self._catalog.locate(entry)  # while it is absent the sentence says so, with its name
        return self.named(entry)

    def _keep(self) -> None:
        """The lake's is there: from now on it stays."""
        try:
            self._choice.keep(self.name)
        except OSError as why:  # a full disk must not keep the Dragon from its work
            log.warning("the choice of an embedder is not kept: %s embedder=%s", why, self.name)

    def _queue(self, entry: Entry) -> QueuedEmbedder:
        if is_onnx(entry):
            onnx = OnnxBge(partial(self._catalog.locate, entry))
            self._onnx[entry.name] = onnx
            return onnx.queued(partial(self._rows, entry.name))
        known = self._stock.identity(entry)
        return QueuedEmbedder(known.id, known.dimension, partial(self._vectors, entry.name))

    async def _vectors(self, name: str, texts: Sequence[str], query: bool) -> Vectors:
        return await self._scheduler.vectors(name, texts, query=query)

    async def _rows(self, name: str, texts: Sequence[str], query: bool) -> Vectors:
        self._count(name, counted=True)
        try:
            return await self._onnx[name].run(texts, query)
        finally:
            self._count(name, counted=name == self.name or self._onnx[name].loaded)

    def _count(self, name: str, *, counted: bool) -> None:
        """In the ledger: what is beside MLX takes memory from those that are on it."""
        if counted == (name in self._counted):
            return
        self._counted ^= {name}
        self._governor.set_embedder(ONNX_BYTES * len(self._counted))


class LakeEmbedder:
    """An Embedder whose weights may not be there."""

    def __init__(self, queue: Callable[[], QueuedEmbedder]) -> None:
        """`queue` is Unavailable while they are not."""
        self._queue = queue

    @property
    def id(self) -> str:
        """See Embedder; Unavailable while only its files say it."""
        return self._queue().id

    @property
    def dimension(self) -> int:
        """See Embedder; Unavailable while only its files say it."""
        return self._queue().dimension

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """See Embedder."""
        return await self._queue().embed(texts, query=query)


def is_onnx(entry: Entry) -> bool:
    """Runs beside MLX, on onnxruntime."""
    return isinstance(entry.source, Wheel) and entry.source.pin.form == "onnx"
