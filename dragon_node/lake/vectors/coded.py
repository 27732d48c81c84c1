"""Codes and what they stand for: some have died since, and the newest vectors have none yet.

slot_of     by code: the slot of its original
code_of     by slot: its newest code; an older one of the same slot is dead
tail        slots that have no code yet: looked at exactly, so what is new is found at once
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dragon_node.lake.vectors.codes import Codes
from dragon_node.lake.vectors.originals import Originals
from dragon_node.lake.vectors.port import Slots, Vector

TAIL_MAX = 512
"""Vectors without a code; with one more they are coded."""
CODED_AT_ONCE = 2_048
"""So that a long tail, after a rebuild, is no long wait for one caller."""
ENOUGH = 0.8
"""Of the candidates wanted, so many must live, or more are asked for."""
WIDER = 4
"""Times as many then: versions of one function die near each other."""
_GROWTH = 1.5
_NONE = -1


class Coded:
    """A first look at all vectors of `originals`."""

    def __init__(self, originals: Originals, codes: Codes, slots: Slots) -> None:
        """The codes stand for these slots, in this order. Those that died since do not count,
        those that came since are the tail."""
        self._originals = originals
        self._codes = codes
        self.learned_from = len(slots)
        self._slot_of = slots.astype(np.int32)
        self._code_of = np.full(originals.keys.top, _NONE, dtype=np.int32)
        self._code_of[slots] = np.arange(len(slots), dtype=np.int32)
        newer = np.flatnonzero(originals.keys.alive & (self._code_of == _NONE))
        self._tail: dict[int, None] = dict.fromkeys(newer.tolist())

    @property
    def bytes(self) -> int:
        """Memory that is held."""
        return self._codes.bytes + 4 * (len(self._codes) + len(self._code_of))

    @property
    def dead_share(self) -> float:
        """Of the codes."""
        return 1 - (len(self._originals) - len(self._tail)) / max(1, len(self._codes))

    @property
    def tail(self) -> Slots:
        """Living slots without a code."""
        return np.fromiter(self._tail, dtype=np.int64, count=len(self._tail))

    def add(self, slots: Slots) -> None:
        """New vectors are in these slots."""
        top = self._originals.keys.top
        if top > len(self._code_of):
            self._code_of = _grown(self._code_of, int(top * _GROWTH))
        self._code_of[slots] = _NONE
        self._tail.update(dict.fromkeys(slots.tolist()))
        if len(self._tail) > TAIL_MAX:
            self._encode(self.tail[:CODED_AT_ONCE])

    def drop(self, slots: Slots) -> None:
        """Nothing is in these slots any more."""
        for slot in slots.tolist():
            self._tail.pop(slot, None)

    def near(self, vector: Vector, wanted: int) -> Slots:
        """About so many living slots that are probably the nearest, and the whole tail."""
        asked = int(wanted / max(0.1, 1 - self.dead_share))
        while True:
            living = self._living(self._codes.nearest(vector, asked))
            if len(living) >= ENOUGH * wanted or asked >= len(self._codes):
                return np.concatenate((living, self.tail)) if self._tail else living
            asked *= WIDER

    def _living(self, numbers: Slots) -> Slots:
        slots = self._slot_of[numbers]
        lives = self._originals.keys.alive[slots] & (self._code_of[slots] == numbers)
        return slots[lives].astype(np.int64)

    def _encode(self, slots: Slots) -> None:
        begin, end = len(self._codes), len(self._codes) + len(slots)
        self._codes.add(self._originals.rows.read(slots))
        if end > len(self._slot_of):
            self._slot_of = _grown(self._slot_of, int(end * _GROWTH))
        self._slot_of[begin:end] = slots
        self._code_of[slots] = np.arange(begin, end, dtype=np.int32)
        self.drop(slots)


def _grown(numbers: npt.NDArray[np.int32], size: int) -> npt.NDArray[np.int32]:
    grown = np.full(size, _NONE, dtype=np.int32)
    grown[: len(numbers)] = numbers
    return grown
