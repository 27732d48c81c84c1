"""How large a model is and what it keeps for its requests, told by its files without loading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from common.errors import Unavailable
from dragon_node.inference.catalog.files import CONFIG_BYTES_MAX, read_object, shortened
from dragon_node.inference.catalog.layers import Layer, checked, first, flattened, layers_of
from dragon_node.inference.catalog.tensors import AGAIN, Tensors

STEP = 256
"""Tokens by which mlx-lm's caches grow, from whatever length they have."""
PREFILL_TOKENS_MAX = 2_048
"""The most that one step reads of a prompt; a cache with a window holds so many more meanwhile."""
COPIES = 2
"""Copies of one layer's cache that are made while a batch is joined, beside the cache itself."""

CONTEXT_MAX = 1 << 40
NAME_CHARS = 40


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
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as why:
            raise Unavailable(
                f"config.json of {directory.name} does not say how it is built: {shortened(why)}",
                hint="it is no model that mlx-lm can load, or it was changed",
            ) from why
        if kv_bits and any(layer.window or layer.state_bytes for layer in layers):
            raise Unavailable(
                f"{directory.name} keeps windows or states, and mlx-lm cannot quantise those",
                hint="take kv_bits out of its entry in models.toml",
            )
        return cls(
            model_type=str(config.get("model_type", ""))[:NAME_CHARS],
            parameters=tensors.parameters(),
            weight_bytes=tensors.bytes,
            disk_bytes=disk_bytes(directory),
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


def disk_bytes(directory: Path) -> int:
    """Of all files in it. Unavailable when it is taken away while it is looked at."""
    try:
        return sum(f.stat().st_size for f in directory.iterdir() if f.is_file())
    except OSError as why:
        raise Unavailable(f"{directory} cannot be looked at: {why}", hint=AGAIN) from why


def _config(directory: Path) -> dict[str, Any]:
    try:
        return read_object(directory / "config.json", CONFIG_BYTES_MAX)
    except FileNotFoundError:
        raise Unavailable(f"{directory.name} has no config.json", hint=AGAIN) from None
    except (OSError, ValueError) as why:
        raise Unavailable(
            f"config.json of {directory.name} cannot be read: {shortened(why)}", hint=AGAIN
        ) from why


def _context(text: dict[str, Any]) -> int:
    names = ("max_position_embeddings", "max_seq_len", "max_sequence_length", "seq_length")
    return checked(
        int(first(text, *names, "n_positions", "n_ctx", default=0)), CONTEXT_MAX, names[0]
    )


def _quantisation(config: dict[str, Any], tensors: Tensors) -> str:
    for key in ("quantization", "quantization_config"):
        said: Any = config.get(key) or flattened(config).get(key)
        if isinstance(said, dict):
            found = cast("dict[str, Any]", said)
            if "bits" in found:
                return f"{found['bits']}-bit"[:NAME_CHARS]
            return str(found.get("quant_method", "quantised"))[:NAME_CHARS]
    largest = max(tensors.named.values(), key=lambda t: t.bytes)
    return {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}.get(
        largest.dtype, largest.dtype[:NAME_CHARS]
    )
