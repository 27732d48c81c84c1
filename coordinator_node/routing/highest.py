"""The same hash as rendezvous.py, for one key and very many nodes at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coordinator_node.routing.rendezvous import MORE, ODD

SPARE = 4
"""So many times those that are asked for are expected above the threshold."""
_HALF, _ODD, _MORE = np.uint64(32), np.uint64(ODD), np.uint64(MORE)


class Highest:
    """Seeds of nodes, and how many of them are asked for. Made once for many keys; used by one
    thread.

    Hashes are spread evenly, so those above a threshold are about as many as are wanted, and only
    they are put in order; where they are too few, all are.
    """

    def __init__(self, seeds: Sequence[int], count: int) -> None:
        self._seeds = np.array(seeds, dtype=np.uint64)
        self._mixed = np.empty_like(self._seeds)
        self._shifted = np.empty_like(self._seeds)
        self._count = count
        share = min(1.0, SPARE * count / len(seeds))
        self._threshold = np.uint64(int((1.0 - share) * 2.0**64))

    def of(self, key: int) -> list[int]:
        """The places of the nodes with the highest hashes, highest first."""
        mixed, shifted = self._mixed, self._shifted
        np.bitwise_xor(self._seeds, np.uint64(key), out=mixed)
        np.multiply(mixed, _ODD, out=mixed)
        np.right_shift(mixed, _HALF, out=shifted)
        np.bitwise_xor(mixed, shifted, out=mixed)
        np.multiply(mixed, _MORE, out=mixed)
        above = np.flatnonzero(mixed >= self._threshold)
        if len(above) < self._count:
            above = np.arange(len(mixed))
        return above[np.argsort(mixed[above])[: -self._count - 1 : -1]].tolist()
