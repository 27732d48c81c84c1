"""Four-bit codes of many vectors by faiss: 96 bytes for 384 dimensions, 4 ms for a million.

Product quantisation with registers for lookup tables: André, Kermarrec and Le Scouarnec, "Cache
locality is not enough" (VLDB 2015), as faiss's IndexPQFastScan has it.
"""

from __future__ import annotations

import importlib
import os
from threading import Event
from typing import Any

import numpy as np
import numpy.typing as npt

from common.errors import Unavailable
from dragon_node.lake.vectors.port import Rows, Slots, Vector

BITS = 4
FLOATS_A_CODE = 2
"""Dimensions that one code of four bits stands for."""
LEARNED_FROM_MIN = 1 << BITS
"""Vectors: as many as a code has values."""
TRAINED_ON = 16_384
"""Vectors that the codes are learned from, at most; faiss itself takes 256 a centroid of them."""
BLOCK = 4_096
"""Vectors that are encoded at a time."""
THREADS_BUILDING = max(1, (os.cpu_count() or 1) // 2)
_SEED = 1


def can_encode(dimension: int) -> bool:
    """Codes stand for pairs of dimensions."""
    return dimension % (2 * FLOATS_A_CODE) == 0


class Codes:
    """Which vectors are probably near. A code is never taken out: its number is its age."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def bytes(self) -> int:
        """Memory that is held."""
        return int(self._index.codes.size())

    @classmethod
    def learned(cls, rows: Rows, slots: Slots, stop: Event) -> Codes:
        """Codes of the rows in these slots, in this order. Unavailable when faiss cannot, or when
        told to stop. The same rows give the same codes."""
        faiss = _faiss(THREADS_BUILDING)
        sample = slots
        if len(slots) > TRAINED_ON:
            chosen = np.random.default_rng(_SEED).choice(len(slots), TRAINED_ON, replace=False)
            sample = slots[np.sort(chosen)]
        first = rows.read(sample)
        dimension = first.shape[1]
        try:
            index = faiss.IndexPQFastScan(
                dimension, dimension // FLOATS_A_CODE, BITS, faiss.METRIC_INNER_PRODUCT
            )
            index.pq.cp.min_points_per_centroid = 1  # few points are no reason to print a warning
            index.train(first)
            codes = cls(index)
            for begin in range(0, len(slots), BLOCK):
                if stop.is_set():
                    raise Unavailable("the vectors' index was being rebuilt and was told to stop")
                index.add(rows.read(slots[begin : begin + BLOCK]))
        except (RuntimeError, MemoryError) as why:
            raise Unavailable(
                f"faiss could not build an index of {len(slots)} vectors: {why}"
            ) from why
        return codes

    def add(self, vectors: npt.NDArray[np.float32]) -> None:
        """More, coded by what was learned before."""
        _faiss(1)
        self._index.add(np.ascontiguousarray(vectors))

    def nearest(self, vector: Vector, count: int) -> Slots:
        """Numbers of the codes that are probably the nearest, in no order that matters."""
        _faiss(1)
        _, numbers = self._index.search(vector.reshape(1, -1), min(count, len(self)))
        return numbers[0][numbers[0] >= 0]


def _faiss(threads: int) -> Any:
    """faiss, which takes a seventh of a second to import; with so many threads for whoever asks.

    OpenMP keeps that number for each thread that calls, so MLX's thread keeps its own.
    """
    try:
        faiss: Any = importlib.import_module("faiss")
    except ImportError as why:
        raise Unavailable(f"faiss cannot be imported: {why}", hint="pip install faiss-cpu") from why
    faiss.omp_set_num_threads(threads)
    return faiss
