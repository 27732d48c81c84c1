"""Rows of half precision in numpy, multiplied in single precision, on the calling thread alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dragon_node.lake.vectors.port import Scores, Slots, Vector

BLOCK = 256
"""Rows that are widened at a time: they stay in the processor's cache until they are multiplied."""
_ROWS_MIN = 64
_GROWTH = 1.5
_SHIFT = 13
"""From a half's bits to where a single's exponent and fraction lie."""
_KEPT = np.uint32(0x8FFFE000).astype(np.int32)
_SCALE = np.float32(2.0**112)
"""The exponents of halves begin at -14, those of singles at -126."""


class HalfRows:
    """Held once: searches, rescoring and training read the same rows."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._top = 0
        self._half = np.empty((_ROWS_MIN, dimension), dtype=np.float16)

    @property
    def bytes(self) -> int:
        """Memory that is held: what is in reserve the system gives when it is written to."""
        return self._top * self._dimension * self._half.itemsize

    def write(self, slots: Slots, rows: npt.NDArray[np.float16]) -> None:
        """See Rows. Who reads meanwhile keeps the array that was there."""
        self._top = max(self._top, int(slots.max(initial=-1)) + 1)
        if self._top > len(self._half):
            grown = np.empty((int(self._top * _GROWTH), self._dimension), dtype=np.float16)
            grown[: len(self._half)] = self._half
            self._half = grown
        self._half[slots] = rows

    def read(self, slots: Slots) -> npt.NDArray[np.float32]:
        """See Rows."""
        bits = np.empty((len(slots), self._dimension), dtype=np.int32)
        return _widened(self._half[slots].view(np.int16), bits) * _SCALE

    def scores(self, vector: Vector, slots: Slots | None, count: int) -> Scores:
        """See Rows."""
        bits = self._half.view(np.int16)
        n = count if slots is None else len(slots)
        scores = np.empty(n, dtype=np.float32)
        wide = np.empty((min(BLOCK, n), self._dimension), dtype=np.int32)
        gathered = np.empty((0 if slots is None else len(wide), self._dimension), dtype=np.int16)
        scaled = vector * _SCALE
        for begin in range(0, n, BLOCK):
            end = min(begin + BLOCK, n)
            if slots is None:
                half = bits[begin:end]
            else:
                half = gathered[: end - begin]
                np.take(bits, slots[begin:end], axis=0, out=half, mode="clip")
            # vecdot takes row by row: no threads, and a row's score depends on no other row.
            np.vecdot(_widened(half, wide[: end - begin]), scaled, out=scores[begin:end])
        return scores


def _widened(half: npt.NDArray[np.int16], into: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    """Halves as singles that are 2**112 too small: ten times as fast as numpy's own conversion.

    Exact for every finite number. The sign is copied along by the widening, and masked.
    """
    np.copyto(into, half)
    np.left_shift(into, _SHIFT, out=into)
    np.bitwise_and(into, _KEPT, out=into)
    return into.view(np.float32)
