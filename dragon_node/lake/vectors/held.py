"""One project's vectors of one embedder in memory: read from its file, then kept up with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager

from common.model.ids import ContentHash
from dragon_node.lake.vectors.port import Matrix, Rebuilding, Vector, VectorIndex

MakeIndex = Callable[[int], VectorIndex]
"""An empty index for vectors of a dimension."""


class Living:
    """Who is about to put something into a project's indexes.

    What is read from the file, or written to it, reaches an index a moment later. A chunk that
    dies in between would stay in the index for ever: each who adds therefore watches for the dead.
    """

    def __init__(self) -> None:
        self._watches: list[set[ContentHash]] = []

    @contextmanager
    def watching(self) -> Generator[set[ContentHash]]:
        """The keys that died since, and did not come back."""
        died: set[ContentHash] = set()
        self._watches.append(died)
        try:
            yield died
        finally:
            # By identity: two that are equal are two.
            self._watches = [each for each in self._watches if each is not died]

    def came(self, keys: Iterable[ContentHash]) -> None:
        """They live, whatever was known of them before."""
        for died in self._watches:
            died.difference_update(keys)

    def went(self, keys: Iterable[ContentHash]) -> None:
        """They are dead."""
        for died in self._watches:
            died.update(keys)


class Held:
    """An index and how far it has come."""

    def __init__(self, embedder: str, make: MakeIndex) -> None:
        self.embedder = embedder
        self.index: VectorIndex | None = None
        """None before the first vector, which says the dimension."""
        self.loaded: asyncio.Future[None]
        """Ends when everything in the file is here."""
        self.is_loaded = False
        self.dropped = False
        """Nobody keeps it up any more."""
        self.building: Rebuilding | None = None
        self.trouble = ""
        """Why it could not be rebuilt; empty when it could."""
        self.retry_at_s = 0.0
        """By the loop's clock: not before."""
        self._make = make

    def __len__(self) -> int:
        return len(self.index) if self.index is not None else 0

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        return self.index.bytes if self.index is not None else 0

    def add(self, keys: Sequence[ContentHash], vectors: Sequence[Vector] | Matrix) -> None:
        """On the vectors' thread."""
        if self.index is None and len(vectors):
            self.index = self._make(len(vectors[0]))
        if self.index is not None:
            self.index.add(keys, vectors)

    def tombstone(self, keys: Iterable[ContentHash]) -> None:
        """On the vectors' thread."""
        if self.index is not None:
            self.index.tombstone(keys)
