"""Every vector is looked at: right always, and fast enough up to 50,000."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np

from common.model.ids import ContentHash
from dragon_node.lake.vectors.originals import Originals
from dragon_node.lake.vectors.port import Found, Matrix, Rebuilding, Rows, Vector
from dragon_node.lake.vectors.rows import HalfRows

BLOCK = 8_192
"""Rows that are copied at a time."""


class ExactIndex:
    """Rows and nothing derived from them; where a vector dies, the next one takes its place."""

    def __init__(self, dimension: int, rows: Callable[[int], Rows] = HalfRows) -> None:
        """`rows` makes what holds vectors of a dimension."""
        self._make = rows
        self._originals = Originals(dimension, rows(dimension))

    def __len__(self) -> int:
        return len(self._originals)

    @property
    def dimension(self) -> int:
        """See VectorIndex."""
        return self._originals.dimension

    @property
    def bytes(self) -> int:
        """See VectorIndex."""
        return self._originals.bytes

    @property
    def dead_share(self) -> float:
        """See VectorIndex: free slots are multiplied like the others."""
        top = self._originals.keys.top
        return 1 - len(self) / top if top else 0.0

    def add(self, keys: Sequence[ContentHash], vectors: Sequence[Vector] | Matrix) -> None:
        """See VectorIndex."""
        self._originals.put(keys, vectors)

    def tombstone(self, keys: Iterable[ContentHash]) -> None:
        """See VectorIndex."""
        self._originals.drop(keys)

    def search(self, vector: Vector, k: int, allow: Collection[ContentHash] | None = None) -> Found:
        """See VectorIndex."""
        return self._originals.nearest(self._originals.query(vector), k, allow)

    def rebuild(self) -> None:
        """Gives back the memory of the dead."""
        old = self._originals
        new = Originals(self.dimension, self._make(self.dimension))
        living = np.flatnonzero(old.keys.alive)
        for begin in range(0, len(living), BLOCK):
            slots = living[begin : begin + BLOCK]
            new.put([old.keys.key(int(slot)) for slot in slots], old.rows.read(slots))
        self._originals = new

    def due(self) -> Rebuilding | None:
        """Never: the dead cost little, and the next vectors take their places."""
        return None
