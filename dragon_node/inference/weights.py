"""A model's weights on MLX: which arrays they are, and how they come into memory."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from dragon_node.inference.mlx_modules import module

SLICE_BYTES_MAX = 256 << 20
"""That are read at once: on a disk of 1 GB/s the others wait a quarter of a second."""
POOL_BYTES_MAX = 256 << 20
"""Freed buffers that MLX may keep for reuse."""


def arrays_of(tree: Any) -> list[Any]:
    """Every array of a model's parameters, in order."""
    return [array for _, array in module("mlx.utils").tree_flatten(tree)]


def bytes_of(arrays: Sequence[Any]) -> int:
    """Of all of them together."""
    return sum(int(array.nbytes) for array in arrays)


def read_in(arrays: Sequence[Any]) -> Generator[float]:
    """Reads them a slice at a time: the share that is there after each, 0 to 1. RuntimeError when
    a file is not what its header says."""
    core = module("mlx.core")
    core.set_cache_limit(POOL_BYTES_MAX)
    whole, read = max(1, bytes_of(arrays)), 0
    for piece in _slices(arrays):
        core.eval(piece)
        read += bytes_of(piece)
        yield read / whole


def _slices(arrays: Sequence[Any]) -> list[list[Any]]:
    """In order, each as large as it may be; an array that is larger is a slice by itself."""
    slices: list[list[Any]] = []
    room = 0
    for array in arrays:
        if not slices or room < array.nbytes:
            slices.append([])
            room = SLICE_BYTES_MAX
        slices[-1].append(array)
        room -= int(array.nbytes)
    return slices
