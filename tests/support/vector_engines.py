"""Embedders on MLX, opened as the owner thread opens them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.embedding.opening import open_vectors
from dragon_node.inference.engines.engine import VectorEngine


def embedding_entry(directory: Path, **said: Any) -> Entry:
    """As a catalogue would name it."""
    return Entry(directory.name, "embedding", Directory(directory), **said)


def opened(entry: Entry, directory: Path) -> tuple[VectorEngine, list[float]]:
    """The engine, and the shares that it told while it was loading."""
    opening = open_vectors(entry, directory)
    shares: list[float] = []
    while True:
        try:
            shares.append(next(opening))
        except StopIteration as ended:
            return ended.value, shares
