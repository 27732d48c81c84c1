"""Which embedder made a vector: vectors of two are never compared."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from common.errors import Unavailable
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.embedding.opening import config_of, tokens_of

PIECE = 1 << 20
"""Of each end of a file of weights: enough to tell two models apart without reading them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What an index has to know of an embedder."""

    id: str
    """Model, runtime and quantisation, pooling, query prefix, length, and which weights."""
    dimension: int


def identity(entry: Entry, directory: Path) -> Identity:
    """Of an embedder on MLX, without loading it. The same files and entry give the same one on
    every machine; Unavailable or Corrupt when they are not there or not whole."""
    quantisation = Shape.read(directory).quantisation
    config = config_of(directory)
    dimension = config.get("hidden_size") or config.get("text_config", {}).get("hidden_size")
    if not isinstance(dimension, int):
        raise Unavailable(
            f"config.json of {directory.name} does not say how long its vectors are (hidden_size)",
            hint="it is no model that can embed, or it was changed",
        )
    parts = (
        entry.name,
        f"mlx-{quantisation}",
        entry.pooling,
        f"prefix-{_short(entry.query_prefix.encode())}" if entry.query_prefix else "no-prefix",
        str(tokens_of(entry, config)),
        _fingerprint(directory),
    )
    return Identity("/".join(parts), dimension)


def _fingerprint(directory: Path) -> str:
    """Of what makes the vectors: configuration, tokenizer, and both ends of each weights file."""
    digest = hashlib.sha256()
    named = (directory / n for n in ("config.json", "tokenizer.json", "tokenizer_config.json"))
    for file in [f for f in named if f.exists()]:
        digest.update(file.name.encode() + file.read_bytes())
    for file in sorted(directory.glob("model*.safetensors")):
        size = file.stat().st_size
        digest.update(f"{file.name} {size} ".encode())
        with file.open("rb") as opened:
            digest.update(opened.read(PIECE))
            opened.seek(max(0, size - PIECE))
            digest.update(opened.read(PIECE))
    return digest.hexdigest()[:12]


def _short(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:8]
