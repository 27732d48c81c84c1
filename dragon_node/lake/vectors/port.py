"""What an index of vectors is, and what holds its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from common.model.ids import ContentHash

Vector = npt.NDArray[np.float32]
"""One dimension, unit length."""
Matrix = npt.NDArray[np.float32] | npt.NDArray[np.float16]
"""(n, dimension), rows of unit length."""
Slots = npt.NDArray[np.int64]
"""(n,) places of rows."""
Scores = npt.NDArray[np.float32]
"""(n,) cosines."""

Found = list[tuple[ContentHash, float]]
"""Keys with their cosine, best first; equals in the order of their keys."""


class VectorIndex(Protocol):
    """Nearest vectors by cosine. Belongs to one thread, but for what `Rebuilding` says."""

    @property
    def dimension(self) -> int:
        """Floats a vector."""
        ...

    def __len__(self) -> int:
        """Vectors that can be found."""
        ...

    def add(self, keys: Sequence[ContentHash], vectors: Sequence[Vector] | Matrix) -> None:
        """Adds or replaces; of a key that comes twice the last. They are found at once.

        Invalid when one has another dimension or is no number; then none was added.
        """
        ...

    def tombstone(self, keys: Iterable[ContentHash]) -> None:
        """They are not found any more. Keys that are not here are passed over."""
        ...

    def search(self, vector: Vector, k: int, allow: Collection[ContentHash] | None = None) -> Found:
        """The k nearest; of `allow` only when given, and then exactly those.

        Invalid when the vector has another dimension or is no number.
        """
        ...

    def rebuild(self) -> None:
        """Leaves the dead behind and learns from what is here now, while everybody waits."""
        ...

    def due(self) -> Rebuilding | None:
        """A rebuild when it is worth while and none runs: it has begun and must be ended."""
        ...

    @property
    def dead_share(self) -> float:
        """Of what a search looks through, the share that cannot be found, 0 to 1."""
        ...

    @property
    def bytes(self) -> int:
        """Memory that is held."""
        ...


class Rebuilding(Protocol):
    """A rebuild during which the index goes on answering, adding and tombstoning."""

    def build(self) -> None:
        """The long part, on any one thread. Unavailable when it does not succeed."""
        ...

    def swap(self) -> None:
        """The new takes the old one's place, on the index's thread; what came meanwhile stays."""
        ...

    def abandon(self) -> None:
        """The old one stays, on the index's thread. `build` soon ends by itself."""
        ...


class Rows(Protocol):
    """Rows of half precision in numbered slots: numpy's here, a GPU's on a Mac."""

    def write(self, slots: Slots, rows: npt.NDArray[np.float16]) -> None:
        """Puts rows there; room is made as it is needed."""
        ...

    def read(self, slots: Slots) -> npt.NDArray[np.float32]:
        """(n, dimension) as they are. Any thread may, for slots that are not being written."""
        ...

    def scores(self, vector: Vector, slots: Slots | None, count: int) -> Scores:
        """Products with these slots, or with the first `count`. A row's does not depend on the
        others."""
        ...

    @property
    def bytes(self) -> int:
        """Memory that is held."""
        ...
