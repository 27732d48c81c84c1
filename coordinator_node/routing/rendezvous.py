"""Weighted rendezvous hashing: every key prefers the nodes in an order of its own, and a node that
leaves moves only the keys that were its (Thaler and Ravishankar, 1998; weights: Schindelhauer and
Schomaker, 2005)."""

from __future__ import annotations

import math
from hashlib import blake2b

_MASK = (1 << 64) - 1
_ODD = 0x9E3779B97F4A7C15
_MORE = 0xD6E8FEB86659FD93


def seed(name: str) -> int:
    """64 bits of a key or node, the same on every machine."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")


def draw(key: int, node: int, weight: int) -> float:
    """The lowest draw wins; its chance is the node's share of all weights."""
    mixed = ((key ^ node) * _ODD) & _MASK
    mixed = ((mixed ^ (mixed >> 32)) * _MORE) & _MASK
    return -math.log(((mixed >> 11) + 1) * 2.0**-53) / weight
