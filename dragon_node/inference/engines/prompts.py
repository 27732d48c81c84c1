"""Caches of prompts: one that is being read, and those that are kept because prompts come again."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dragon_node.inference.mlx_modules import module

SEQUENCES_MAX = 32
"""Conversations whose caches are kept."""
GROUP = 64
"""Numbers of a quantised cache that share a scale."""


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    tokens: NDArray[np.int64]
    cache: list[Any]
    bytes: int


class Kept:
    """Caches of what was read and said, found by the longest common beginning, least recently used
    first out. What mlx_lm's LRUPromptCache does; that one looks for a longer entry in a time that
    grows with the square of its length (0.4 s for 20,000 tokens, in which nobody gets a token), and
    forgets by age."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._entries: list[_Entry] = []
        """The one that was used last is the last."""

    @property
    def bytes(self) -> int:
        """Held."""
        return sum(entry.bytes for entry in self._entries)

    def keep(self, tokens: Sequence[int], cache: list[Any]) -> None:
        """Evaluates it first, without the room it had to grow: what is lazy or cut holds on to the
        whole that it is a part of. What it begins with needs no place of its own, if it can be
        cut."""
        if not tokens or not cache:
            return
        mx = module("mlx.core")
        for layer in cache:
            _shrink(layer)
            if getattr(layer, "keys", None) is not None:
                both = (layer.keys, layer.values)
                layer.keys, layer.values = module("mlx.utils").tree_map(mx.contiguous, both)
        mx.eval([layer.state for layer in cache])
        entry = _Entry(np.array(tokens), cache, sum(int(layer.nbytes) for layer in cache))
        cuts = _can_be_cut(cache)
        self._entries = [e for e in self._entries if not _covers(entry.tokens, e.tokens, cuts)]
        self._entries.append(entry)
        self.trim(self._bytes_max)

    def keep_prompt(self, tokens: Sequence[int], cache: list[Any]) -> None:
        """A copy of a cache that goes on to answer, where its kind cannot go back to the prompt
        afterwards: windows and states. Plain ones are kept once, at the end."""
        caches = module("mlx_lm.models.cache")
        if any(type(layer) not in (caches.KVCache, caches.QuantizedKVCache) for layer in cache):
            self.keep(tokens, copy.deepcopy(cache))

    def nearest(self, tokens: Sequence[int]) -> tuple[list[Any] | None, int]:
        """(a cache of one's own, how many of these tokens it has read); None for none. The last
        token is never among them: it is read to make the first of the answer."""
        wanted = np.array(tokens[:-1], np.int64)
        found = max(self._entries, key=lambda e: _usable(e, wanted), default=None)
        read = 0 if found is None else _usable(found, wanted)
        if found is None or read == 0:
            return None, 0
        self._entries.remove(found)
        self._entries.append(found)
        cache = copy.deepcopy(found.cache)
        if read < len(found.tokens):
            module("mlx_lm.models.cache").trim_prompt_cache(cache, len(found.tokens) - read)
        for layer in cache:
            _shrink(layer)
        return cache, read

    def trim(self, bytes_max: int) -> None:
        """Forgets what was used longest ago, down to so many bytes."""
        while self._entries and (len(self._entries) > SEQUENCES_MAX or self.bytes > bytes_max):
            self._entries.pop(0)


def _usable(entry: _Entry, wanted: NDArray[np.int64]) -> int:
    common = _common(entry.tokens, wanted)
    return common if common == len(entry.tokens) or _can_be_cut(entry.cache) else 0


def _covers(tokens: NDArray[np.int64], other: NDArray[np.int64], cuts: bool) -> bool:
    begins = _common(tokens, other) == len(other)
    return begins and (cuts or len(tokens) == len(other))


def _common(one: NDArray[np.int64], other: NDArray[np.int64]) -> int:
    """Tokens at the beginning that are the same."""
    shorter = min(len(one), len(other))
    differs = one[:shorter] != other[:shorter]
    return int(differs.argmax()) if differs.any() else shorter


def _can_be_cut(cache: list[Any]) -> bool:
    return bool(module("mlx_lm.models.cache").can_trim_prompt_cache(cache))


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
    """A cache that grows in steps, or was cut to a common beginning, keeps the whole length's
    buffers, and copies them with the next token: it is left with what it has read."""
    caches = module("mlx_lm.models.cache")
    if type(layer) in (caches.KVCache, caches.QuantizedKVCache) and not layer.empty():
        layer.keys, layer.values = layer.keys_and_values()
