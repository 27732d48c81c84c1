"""The port to whatever turns texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Vectors for texts."""

    @property
    def id(self) -> str:
        """Model, quantisation, pooling, prefix and length: never mix two."""
        ...

    @property
    def dimension(self) -> int:
        """Floats a vector."""
        ...

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """(len(texts), dimension) float32 rows of unit length.

        Questions go before texts that are to be kept. Unavailable while the model has not arrived;
        OverLimit when too much waits.
        """
        ...
