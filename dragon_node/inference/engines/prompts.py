"""Caches of prompts: one that is being read, and those that are kept because prompts come again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dragon_node.inference.mlx_modules import module

SEQUENCES_MAX = 32
"""Conversations whose caches are kept."""
GROUP = 64
"""Numbers of a quantised cache that share a scale."""


class Kept:
    """Caches of what was read and said, found by their longest common beginning (mlx_lm's
    LRUPromptCache, one model's)."""

    def __init__(self, bytes_max: int) -> None:
        caches = module("mlx_lm.models.cache")
        self._kept: Any = caches.LRUPromptCache(SEQUENCES_MAX, bytes_max)

    @property
    def bytes(self) -> int:
        """Held."""
        return int(self._kept.nbytes)

    def keep(self, tokens: Sequence[int], cache: list[Any]) -> None:
        """Evaluates it first: what is lazy holds on to the whole batch that it is a part of."""
        if tokens and cache:
            module("mlx.core").eval([c.state for c in cache])
            self._kept.insert_cache("", list(tokens), cache)

    def nearest(self, tokens: Sequence[int]) -> tuple[list[Any] | None, int]:
        """(a cache of one's own, how many of these tokens it has read); None for none. The last
        token is never among them: it is read to make the first of the answer."""
        cache, rest = self._kept.fetch_nearest_cache("", list(tokens[:-1]))
        if cache is None:
            return None, 0
        for layer in cache:
            _shrink(layer)
        return cache, len(tokens) - 1 - len(rest)

    def trim(self, bytes_max: int) -> None:
        """Forgets the oldest, down to so many bytes."""
        self._kept.trim_to(n_bytes=bytes_max)


class Prefill:
    """A prompt on its way into a cache of its own, the last token excepted. Alone in its batch:
    prompts that are read together are padded to each other, which costs memory and exactness."""

    def __init__(
        self,
        model: Any,
        tokens: Sequence[int],
        cache: list[Any] | None = None,
        read: int = 0,
        kv_bits: int = 0,
    ) -> None:
        """`cache` has read the first `read` tokens; quantised to `kv_bits` unless that is 0."""
        self._model = model
        self.tokens = list(tokens)
        self.read = read
        self.cache: list[Any] = fresh(model, kv_bits) if cache is None else cache

    @property
    def left(self) -> int:
        """Tokens still to be read."""
        return len(self.tokens) - 1 - self.read

    def go_on(self, tokens_max: int) -> int:
        """Reads so many at most; how many it read."""
        mx = module("mlx.core")
        count = min(self.left, tokens_max)
        if count > 0:
            piece = self.tokens[self.read : self.read + count]
            self._model(mx.array([piece]), cache=self.cache)
            mx.eval([c.state for c in self.cache])
            self.read += count
        return count


def fresh(model: Any, kv_bits: int = 0) -> list[Any]:
    """An empty cache for each layer, quantised from the first token on unless `kv_bits` is 0."""
    cache: list[Any] = module("mlx_lm.models.cache").make_prompt_cache(model)
    if kv_bits:
        module("mlx_lm.generate").maybe_quantize_kv_cache(
            cache, quantized_kv_start=0, kv_group_size=GROUP, kv_bits=kv_bits
        )
    return cache


def _shrink(layer: Any) -> None:
    """A cache that was cut to a common beginning keeps the whole length's buffers, and copies them
    with the next token: it is left with what it has read."""
    caches = module("mlx_lm.models.cache")
    if type(layer) in (caches.KVCache, caches.QuantizedKVCache) and not layer.empty():
        layer.keys, layer.values = layer.keys_and_values()
