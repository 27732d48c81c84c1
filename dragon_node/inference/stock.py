"""The catalogue as the scheduler needs it: sizes, readers and ways to load, by name."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path

from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.embedding.opening import open_vectors
from dragon_node.inference.engines.engine import Opening, VectorOpening
from dragon_node.inference.engines.opening import open_engine
from dragon_node.inference.reading.prompted import Prompted, Speech
from dragon_node.inference.reading.reader import Reader
from dragon_node.inference.scheduling.source import Needs

READERS_MAX = 16
"""Tokenizers that are kept open, some tens of megabytes each; the oldest goes."""

Stamp = tuple[str, int, int]


class Stock:
    """Any thread may use it. What it has read of a directory is read anew when that changes."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._readers: dict[Stamp, Future[Reader]] = {}
        self._takes_tools: dict[str, bool] = {}

    def slots(self, name: str) -> int:
        """Requests at a time, at most."""
        entry = self._catalog.find(name)
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
        """Of the files that it would be loaded from; empty for any."""
        return ""

    def opening(self, name: str) -> Opening | VectorOpening:
        """Loads it in slices; nothing has been read yet."""
        entry = self._catalog.find(name)
        directory = self._catalog.locate(entry)
        if entry.purpose == "embedding":
            return open_vectors(entry, directory)
        draft = self._catalog.locate(self._catalog.find(entry.draft)) if entry.draft else None
        return open_engine(entry, directory, self._catalog.shape(entry), draft=draft)

    def speech(self, name: str, prompted: Prompted) -> Speech:
        """A fresh one for one request."""
        return self.reader(self._catalog.find(name)).speech(prompted)

    def reader(self, entry: Entry) -> Reader:
        """Seconds when it is the first. Unavailable says why there is none."""
        directory = self._catalog.locate(entry)
        stamp = str(directory), directory.stat().st_mtime_ns, entry.context
        with self._lock:
            opened = self._readers.get(stamp)
            mine = opened is None
            if opened is None:
                opened = self._readers[stamp] = Future()
                while len(self._readers) > READERS_MAX:
                    del self._readers[next(iter(self._readers))]
        if mine:
            self._open(opened, stamp, entry, directory)
        reader = opened.result()
        self._takes_tools[entry.name] = reader.takes_tools
        return reader

    def _open(self, opened: Future[Reader], stamp: Stamp, entry: Entry, directory: Path) -> None:
        """Without the lock: those of other models do not wait for it."""
        try:
            opened.set_result(Reader(directory, context=entry.context))
        except BaseException as why:
            with self._lock:
                self._readers.pop(stamp, None)
            opened.set_exception(why)

    def takes_tools(self, name: str) -> bool:
        """Whether its template does; False while its reader has not been opened."""
        return self._takes_tools.get(name, False)
