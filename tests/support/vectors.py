"""Vectors to search among: scattered ones, and ones that lie in clusters as real ones do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from common.model.ids import ContentHash
from dragon_node.inference.exact import MlxRows
from dragon_node.lake.vectors.exact import ExactIndex
from dragon_node.lake.vectors.fastscan import FastScanIndex
from dragon_node.lake.vectors.port import VectorIndex

Rows = npt.NDArray[np.float32]
DIMENSION = 16

IMPLEMENTATIONS: dict[str, Callable[[int], VectorIndex]] = {
    "exact": ExactIndex,
    "fastscan": lambda dimension: FastScanIndex(dimension, exact_below=1_000),
    "exact on MLX": lambda dimension: ExactIndex(dimension, MlxRows),
    "fastscan on MLX": lambda dimension: FastScanIndex(dimension, MlxRows, exact_below=1_000),
}


def keys(count: int, seed: int = 1) -> list[ContentHash]:
    """Different for each seed."""
    return [ContentHash(f"{seed:016x}{i:016x}") for i in range(count)]


def scattered(count: int, seed: int = 1, dimension: int = DIMENSION) -> Rows:
    """In all directions, of unit length."""
    return _unit(np.random.default_rng(seed).normal(size=(count, dimension)))


def clustered(count: int, seed: int = 1, dimension: int = 64, clusters: int = 50) -> Rows:
    """Around the same centres for every seed, all of them on one side, of unit length."""
    centres = np.random.default_rng(0).normal(size=(clusters, dimension)) + 0.5
    draw = np.random.default_rng(seed)
    spread = draw.normal(size=(count, dimension)) * 0.7
    return _unit(centres[draw.integers(0, clusters, count)] + spread)


def _unit(rows: npt.NDArray[np.float64]) -> Rows:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
