"""The catalogue as the scheduler needs it: sizes, readers and ways to load, by name."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path

from common.errors import Missing, PostDevAIError, Unavailable
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.embedding.identity import Identity, identity
from dragon_node.inference.embedding.opening import open_vectors
from dragon_node.inference.engines.engine import Opening, VectorEngine, VectorOpening
from dragon_node.inference.engines.opening import open_engine
from dragon_node.inference.readers import Readers, stamp_of
from dragon_node.inference.reading.prompted import Prompted, Speech
from dragon_node.inference.reading.reader import Reader
from dragon_node.inference.scheduling.source import Needs


class Stock:
    """Any thread may use it. What it has read of a directory is read anew when that changes."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._readers = Readers()
        self._takes_tools: dict[str, bool] = {}
        self._identities: dict[str, Identity] = {}

    def slots(self, name: str) -> int:
        """Requests at a time, at most."""
        try:
            entry = self._catalog.find(name)
        except Missing:
            return 1  # it has left the catalogue while it loads: who has it in memory knows better
        return 1 if entry.draft or entry.kv_bits else entry.slots

    def needs(self, name: str) -> Needs:
        """Unavailable or Missing says why it is not there."""
        entry = self._catalog.find(name)
        shape = self._catalog.shape(entry)
        if not entry.draft:
            return Needs(shape.weight_bytes, shape.kv_bytes)
        draft = self._catalog.shape(self._catalog.find(entry.draft))
        return Needs(
            shape.weight_bytes + draft.weight_bytes,
            lambda tokens: shape.kv_bytes(tokens) + draft.kv_bytes(tokens),
        )

    def stamp(self, name: str) -> str:
        """Of the files that it would be loaded from, a draft model's included."""
        entry = self._catalog.find(name)
        stamp = stamp_of(self._catalog.locate(entry))
        if not entry.draft:
            return stamp
        return f"{stamp} {stamp_of(self._catalog.locate(self._catalog.find(entry.draft)))}"

    def opening(self, name: str) -> Opening | VectorOpening:
        """Loads it in slices; nothing has been read yet."""
        entry = self._catalog.find(name)
        directory = self._catalog.locate(entry)
        if entry.purpose == "embedding":
            return self._opening_vectors(entry, directory)
        draft = self._catalog.locate(self._catalog.find(entry.draft)) if entry.draft else None
        return open_engine(entry, directory, self._catalog.shape(entry), draft=draft)

    def identity(self, entry: Entry) -> Identity:
        """Of an embedder on MLX: the first that is asked for holds until the next start, for
        vectors of two are never mixed. Unavailable when its entry or its files say otherwise."""
        directory = self._catalog.locate(entry)
        try:
            now = identity(entry, directory)
        except (PostDevAIError, OSError, ValueError) as why:  # it may be mended while this runs
            raise Unavailable(
                f"the files of {entry.name} in {directory} cannot be read: {why}",
                hint=f"postdevai models pull {entry.name}",
            ) from why
        with self._lock:
            first = self._identities.setdefault(entry.name, now)
        if now != first:
            raise Unavailable(
                f"{entry.name} has changed since the Dragon started: restart it, and the lake "
                "embeds anew",
                hint="or take the change back",
            )
        return first

    def speech(self, name: str, prompted: Prompted) -> Speech:
        """A fresh one for one request, by the reader that has read it."""
        reader = self._readers.of(prompted.stamp) if prompted.stamp else None
        if reader is None:
            stamp, opened = self.opened(self._catalog.find(name))
            reader = opened.result()
            if prompted.stamp not in ("", stamp):
                raise Unavailable(
                    f"the files of {name} have changed since it read the request",
                    hint="ask again",
                )
        return reader.speech(prompted)

    def opened(self, entry: Entry) -> tuple[str, Future[Reader]]:
        """Its stamp, and its reader: seconds when it is the first. Unavailable says why there is
        none."""
        name, directory = entry.name, self._catalog.locate(entry)
        stamp = self.stamp(name)
        opened = self._readers.reader(directory, entry.context, stamp, lambda: self.stamp(name))
        opened.add_done_callback(lambda done: self._read(name, done))
        return stamp, opened

    def takes_tools(self, name: str) -> bool:
        """Whether its template does; False while its reader has not been opened."""
        return self._takes_tools.get(name, False)

    def _read(self, name: str, opened: Future[Reader]) -> None:
        if opened.exception() is None:
            self._takes_tools[name] = opened.result().takes_tools

    def _opening_vectors(self, entry: Entry, directory: Path) -> VectorOpening:
        yield 0.0
        self.identity(entry)
        before = stamp_of(directory)
        engine: VectorEngine = yield from open_vectors(entry, directory)
        if stamp_of(directory) != before:
            engine.close()
            raise Unavailable(
                f"the files of {entry.name} changed while it was loaded",
                hint="ask again in a moment",
            )
        return engine
