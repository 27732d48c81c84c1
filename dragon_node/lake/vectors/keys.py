"""Which key is in which slot: a hash table in numpy, looked up ten thousand keys at a time.

keys    (slots, 2) uint64   the 16 bytes of each key
alive   (slots,) bool
table   (power of two,)     slots by hash, linear probing; what died stays until the next rehash

24 to 30 bytes a key, where a dict of strings takes about 190.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from common.model.ids import ContentHash
from dragon_node.lake.vectors.port import Slots

Packed = npt.NDArray[np.uint64]
"""(n, 2), the bytes of n keys."""

KEY_BYTES = 16
_SLOTS_MIN = 64
_GROWTH = 1.5
_LOAD = 0.5
"""Of the table, at most; beyond it a probe grows long."""
_EMPTY = -1
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
"""Odd constants of Fibonacci hashing and of xxHash: keys that differ little lie far apart."""


def packed(keys: Iterable[ContentHash]) -> Packed:
    """Their bytes."""
    return np.frombuffer(bytes.fromhex("".join(keys)), dtype=np.uint64).reshape(-1, 2)


class Keys:
    """Gives each key a slot, and takes slots back."""

    def __init__(self) -> None:
        self._keys = np.zeros((_SLOTS_MIN, 2), dtype=np.uint64)
        self._alive = np.zeros(_SLOTS_MIN, dtype=np.bool_)
        self._table = np.full(_SLOTS_MIN * 2, _EMPTY, dtype=np.int32)
        self._entered = 0
        self._free: list[int] = []
        self._held_back: list[int] | None = None
        self._living = 0
        self.top = 0
        """Slots that were ever used are below this."""

    def __len__(self) -> int:
        return self._living

    @property
    def alive(self) -> npt.NDArray[np.bool_]:
        """By slot, up to `top`."""
        return self._alive[: self.top]

    @property
    def bytes(self) -> int:
        """Memory that is held; see HalfRows about reserve."""
        return self.top * (KEY_BYTES + 1) + self._table.nbytes

    def find(self, keys: Collection[ContentHash]) -> Slots:
        """A slot for each, -1 where there is none."""
        return self._find(packed(keys))

    def take(self, keys: Sequence[ContentHash]) -> Slots:
        """New slots for keys that are not here and of which none comes twice."""
        reused = [self._free.pop() for _ in range(min(len(self._free), len(keys)))]
        more = len(keys) - len(reused)
        self._reserve(self.top + more)
        slots = np.array([*reused, *range(self.top, self.top + more)], dtype=np.int64)
        self.top += more
        self._keys[slots] = packed(keys)
        self._alive[slots] = True
        self._living += len(keys)
        if self._entered + len(keys) > _LOAD * len(self._table):
            self._rehash()
        else:
            self._enter(slots)
        return slots

    def drop(self, slots: Slots) -> None:
        """These are free, or will be after `release`. Each is alive and comes once."""
        self._alive[slots] = False
        self._living -= len(slots)
        kept = self._free if self._held_back is None else self._held_back
        kept.extend(slots.tolist())

    def key(self, slot: int) -> ContentHash:
        """Whose slot it is."""
        return ContentHash(self._keys[slot].tobytes().hex())

    def bytes_of(self, slots: Slots) -> npt.NDArray[np.bytes_]:
        """Keys as they compare."""
        return np.ascontiguousarray(self._keys[slots]).view(f"S{KEY_BYTES}").reshape(-1)

    def hold_back(self) -> None:
        """From now on no slot is used again: somebody reads the rows of those that live."""
        self._held_back = []

    def release(self) -> None:
        """Slots are used again."""
        self._free.extend(self._held_back or ())
        self._held_back = None

    def _find(self, wanted: Packed) -> Slots:
        at = self._homes(wanted)
        found, passed = self._look(at, wanted)
        left = np.flatnonzero(passed)
        while len(left):
            at[left] = self._next(at[left])
            found[left], passed = self._look(at[left], wanted[left])
            left = left[passed]
        return found

    def _look(
        self, at: npt.NDArray[np.int64], wanted: Packed
    ) -> tuple[Slots, npt.NDArray[np.bool_]]:
        """The slots whose keys are wanted, -1 for others, and whether one must look further."""
        slots = self._table[at]
        # An entry whose slot has been given to another key is passed like any other.
        hit = (self._keys[slots, 0] == wanted[:, 0]) & (self._keys[slots, 1] == wanted[:, 1])
        hit &= self._alive[slots] & (slots != _EMPTY)
        return np.where(hit, slots, -1), ~hit & (slots != _EMPTY)

    def _enter(self, slots: Slots) -> None:
        self._entered += len(slots)
        at = self._homes(self._keys[slots])
        while len(slots):
            free = self._table[at] == _EMPTY
            self._table[at[free]] = slots[free]
            lost = self._table[at] != slots
            slots, at = slots[lost], self._next(at[lost])

    def _rehash(self) -> None:
        size = len(self._table)
        while self._living > _LOAD / 2 * size:
            size *= 2
        self._table = np.full(size, _EMPTY, dtype=np.int32)
        self._entered = 0
        self._enter(np.flatnonzero(self.alive))

    def _homes(self, keys: Packed) -> npt.NDArray[np.int64]:
        mixed = (keys[:, 0] ^ (keys[:, 1] * _MIX[1])) * _MIX[0]
        bits = len(self._table).bit_length() - 1
        return (mixed >> np.uint64(64 - bits)).astype(np.int64)

    def _next(self, at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return (at + 1) & (len(self._table) - 1)

    def _reserve(self, slots: int) -> None:
        if slots > len(self._alive):
            room = int(slots * _GROWTH)
            keys, alive = np.zeros((room, 2), dtype=np.uint64), np.zeros(room, dtype=np.bool_)
            keys[: self.top], alive[: self.top] = self._keys[: self.top], self._alive[: self.top]
            self._keys, self._alive = keys, alive
