"""The vectors themselves under their keys, and the exact search over all or some of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from common.errors import Invalid
from common.model.ids import ContentHash
from dragon_node.lake.vectors.keys import Keys
from dragon_node.lake.vectors.port import Found, Matrix, Rows, Scores, Slots, Vector

Halves = npt.NDArray[np.float16]


class Originals:
    """What every index keeps, once."""

    def __init__(self, dimension: int, rows: Rows) -> None:
        self.dimension = dimension
        self.keys = Keys()
        self.rows = rows

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def bytes(self) -> int:
        """Memory that is held."""
        return self.keys.bytes + self.rows.bytes

    def put(
        self, keys: Sequence[ContentHash], vectors: Sequence[Vector] | Matrix
    ) -> tuple[Slots, Slots]:
        """Adds or replaces: the new slots, and those that replaced vectors had."""
        rows = self._halves(vectors)
        if len(keys) != len(rows):
            raise Invalid(f"{len(keys)} keys for {len(rows)} vectors")
        last = {key: i for i, key in enumerate(keys)}
        if len(last) < len(keys):
            rows = rows[list(last.values())]
        dropped = self.drop(last)
        slots = self.keys.take(list(last))
        self.rows.write(slots, rows)
        return slots, dropped

    def drop(self, keys: Iterable[ContentHash]) -> Slots:
        """The slots that they had; keys that are not here are passed over."""
        found = self.keys.find(list(dict.fromkeys(keys)))
        slots = found[found >= 0]
        self.keys.drop(slots)
        return slots

    def nearest(self, vector: Vector, k: int, allow: Collection[ContentHash] | None) -> Found:
        """Exact: every row is looked at, or every allowed one."""
        if allow is not None:
            found = np.sort(self.keys.find(allow))  # so that memory is read in one direction
            return self.best(vector, k, found[(found >= 0) & (np.diff(found, prepend=-1) > 0)])
        scores = self.rows.scores(vector, None, self.keys.top)
        scores[~self.keys.alive] = -np.inf
        return self.ranked(scores, None, min(k, len(self)))

    def best(self, vector: Vector, k: int, slots: Slots) -> Found:
        """The best of these."""
        return self.ranked(self.rows.scores(vector, slots, 0), slots, k)

    def ranked(self, scores: Scores, slots: Slots | None, k: int) -> Found:
        """The k best, best first; equals by their keys, so that the same question always gets the
        same answer. Without `slots` the scores are those of all."""
        k = min(k, len(scores))
        if k < 1:
            return []
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        near = np.flatnonzero(scores >= least)
        places = near if slots is None else slots[near]
        order = np.lexsort((self.keys.bytes_of(places), -scores[near]))[:k]
        return [(self.keys.key(int(places[i])), float(scores[near[i]])) for i in order]

    def query(self, vector: Vector) -> Vector:
        """A vector to look for."""
        if vector.shape != (self.dimension,):
            raise Invalid(f"a vector of shape {vector.shape}, not ({self.dimension},)")
        if not np.isfinite(vector).all():
            raise Invalid("a vector with what is no number")
        return np.ascontiguousarray(vector, dtype=np.float32)

    def _halves(self, vectors: Sequence[Vector] | Matrix) -> Halves:
        for vector in vectors if not isinstance(vectors, np.ndarray) else vectors[:1]:
            if vector.shape != (self.dimension,):
                raise Invalid(f"a vector of shape {vector.shape}, not ({self.dimension},)")
        halves = np.asarray(vectors, dtype=np.float16).reshape(-1, self.dimension)
        if not np.isfinite(halves).all():
            raise Invalid("a vector with what is no number")
        return halves
