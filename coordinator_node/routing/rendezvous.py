"""Weighted rendezvous hashing: every key prefers the nodes in an order of its own, and a node that
leaves moves only the keys that were its (Thaler and Ravishankar, 1998; weights: Schindelhauer and
Schomaker, 2005)."""

from __future__ import annotations

import math
from hashlib import blake2b

_MASK = (1 << 64) - 1
ODD = 0x9E3779B97F4A7C15
MORE = 0xD6E8FEB86659FD93


def seed(name: str) -> int:
    """64 bits of a key or node, the same on every machine."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")


def mixed(key: int, node: int) -> int:
    """64 bits that depend on both; the highest has the lowest draw."""
    once = ((key ^ node) * ODD) & _MASK
    return ((once ^ (once >> 32)) * MORE) & _MASK


def draw(key: int, node: int, weight: int) -> float:
    """The lowest draw wins; its chance is the node's share of all weights."""
    return -math.log(((mixed(key, node) >> 11) + 1) * 2.0**-53) / weight
