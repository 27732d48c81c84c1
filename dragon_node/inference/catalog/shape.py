"""How large a model is and what it keeps for its requests, told by its files without loading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from common.errors import Unavailable
from dragon_node.inference.catalog.layers import Layer, first, flattened, layers_of
from dragon_node.inference.catalog.tensors import AGAIN, Tensors

STEP = 256
"""Tokens by which mlx-lm's caches grow, from whatever length they have."""
PREFILL_TOKENS_MAX = 2_048
"""The most that one step reads of a prompt; a cache with a window holds so many more meanwhile."""
COPIES = 2
"""Copies of one layer's cache that are made while a batch is joined, beside the cache itself."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's sizes, in bytes."""

    model_type: str
    """As config.json calls it."""
    parameters: int
    weight_bytes: int
    """In memory."""
    disk_bytes: int
    """Of all its files."""
    context: int
    """Tokens of prompt and answer together; 0 when it does not say."""
    quantisation: str
    """`4-bit`, or the type of its weights."""
    layers: tuple[Layer, ...]
    """That keep something for a request; none for a model that does not generate."""

    @classmethod
    def read(cls, directory: Path, *, kv_bits: int = 0) -> Shape:
        """From config.json and the headers of the weights. Unavailable says what is not there or
        cannot be had, Corrupt what was cut."""
        config = _config(directory)
        tensors = Tensors.read(directory)
        try:
            layers = layers_of(config, tensors.item_bytes, kv_bits)
            context = _context(flattened(config))
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as why:
            raise Unavailable(
                f"config.json of {directory.name} does not say how it is built: {why}",
                hint="it is no model that mlx-lm can load, or it was changed",
            ) from why
        if kv_bits and any(layer.window or layer.state_bytes for layer in layers):
            raise Unavailable(
                f"{directory.name} keeps windows or states, and mlx-lm cannot quantise those",
                hint="take kv_bits out of its entry in models.toml",
            )
        return cls(
            model_type=str(config.get("model_type", "")),
            parameters=tensors.parameters(),
            weight_bytes=tensors.bytes,
            disk_bytes=sum(f.stat().st_size for f in directory.iterdir() if f.is_file()),
            context=context,
            quantisation=_quantisation(config, tensors),
            layers=layers,
        )

    @property
    def kv_bytes_per_token(self) -> int:
        """Of one more token, once the windows are full."""
        return sum(layer.token_bytes for layer in self.layers if not layer.window)

    def kv_bytes(self, tokens: Sequence[int]) -> int:
        """The most that the caches take while requests of so many tokens each (prompt and answer)
        run together: each is padded to the longest, and room is made a step ahead."""
        if not tokens:
            return 0
        each = [_row_bytes(layer, max(tokens)) for layer in self.layers]
        return len(tokens) * (sum(each) + COPIES * max(each, default=0))


def _row_bytes(layer: Layer, tokens: int) -> int:
    kept = tokens + STEP
    if layer.window:
        kept = min(kept, layer.window + PREFILL_TOKENS_MAX)
    return layer.token_bytes * kept + layer.state_bytes


def _config(directory: Path) -> dict[str, Any]:
    try:
        config: object = json.loads((directory / "config.json").read_text("utf-8"))
    except FileNotFoundError:
        raise Unavailable(f"{directory.name} has no config.json", hint=AGAIN) from None
    except (OSError, ValueError) as why:
        raise Unavailable(
            f"config.json of {directory.name} cannot be read: {why}", hint=AGAIN
        ) from why
    if not isinstance(config, dict):
        raise Unavailable(f"config.json of {directory.name} says nothing", hint=AGAIN)
    return cast("dict[str, Any]", config)


def _context(text: dict[str, Any]) -> int:
    names = ("max_position_embeddings", "max_seq_len", "max_sequence_length", "seq_length")
    return int(first(text, *names, "n_positions", "n_ctx", default=0))


def _quantisation(config: dict[str, Any], tensors: Tensors) -> str:
    for key in ("quantization", "quantization_config"):
        said: Any = config.get(key) or flattened(config).get(key)
        if isinstance(said, dict):
            found = cast("dict[str, Any]", said)
            if "bits" in found:
                return f"{found['bits']}-bit"
            return str(found.get("quant_method", "quantised"))
    largest = max(tensors.named.values(), key=lambda t: t.bytes)
    return {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}.get(
        largest.dtype, largest.dtype
    )
