"""Rows of vectors on the MLX device, every one multiplied: the lake's exact scan on a Mac's GPU.

Chosen on a Mac only: on a CPU numpy is as fast, and MLX for Linux is there to test with.
"""

from __future__ import annotations

import importlib
import importlib.util
import platform
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Halves = NDArray[np.float16]
Floats = NDArray[np.float32]
Slots = NDArray[np.int64]

SEGMENT = 8_192
"""Rows of one array: what is written is copied, so a write copies no more than the arrays that it
touches, 6 MB each for 384 dimensions."""


EXACT_BELOW = 50_000
"""Rows of which a GPU multiplies all sooner than codes of them are learned."""


def device_rows() -> Callable[[int], MlxRows] | None:
    """Makes rows on the GPU, on the thread that will own them; None where numpy is the better
    choice."""
    has_gpu = sys.platform == "darwin" and platform.machine() == "arm64"
    return MlxRows if has_gpu and importlib.util.find_spec("mlx") else None


class MlxRows:
    """Half precision, multiplied in single precision: the same numbers as numpy's, up to rounding.

    Belongs to the thread that made it, but for `read`, which touches memory and no stream.
    """

    def __init__(self, dimension: int) -> None:
        self._mx: Any = importlib.import_module("mlx.core")
        self._dimension = dimension
        self._segments: list[Any] = []

    @property
    def bytes(self) -> int:
        """Memory that is held; on a Mac the GPU's is the machine's."""
        return len(self._segments) * SEGMENT * self._dimension * 2

    def write(self, slots: Slots, rows: Halves) -> None:
        """Puts rows there; room is made as it is needed."""
        for number in np.unique(slots // SEGMENT).tolist():
            while number >= len(self._segments):
                self._segments.append(self._mx.zeros((SEGMENT, self._dimension), self._mx.float16))
            inside = slots // SEGMENT == number
            copy = np.array(self._segments[number], copy=True)
            copy[slots[inside] % SEGMENT] = rows[inside]
            self._segments[number] = self._mx.array(copy)
        self._mx.eval(self._segments)

    def read(self, slots: Slots) -> Floats:
        """(n, dimension) as they are."""
        rows = np.empty((len(slots), self._dimension), dtype=np.float32)
        for number in np.unique(slots // SEGMENT).tolist():
            inside = slots // SEGMENT == number
            rows[inside] = np.asarray(self._segments[number])[slots[inside] % SEGMENT]
        return rows

    def scores(self, vector: Floats, slots: Slots | None, count: int) -> Floats:
        """Products with these slots, or with the first `count`."""
        mx = self._mx
        query = mx.array(vector)
        if slots is not None:
            # A GPU gains nothing on few rows that lie apart.
            wanted = mx.array(self.read(slots))
            return np.array(mx.sum(wanted * query, axis=1), dtype=np.float32)
        parts = [segment.astype(mx.float32) @ query for segment in self._segments]
        if not parts:
            return np.empty(0, dtype=np.float32)
        return np.array(mx.concatenate(parts)[:count], dtype=np.float32)
