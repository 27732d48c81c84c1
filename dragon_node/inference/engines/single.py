"""One request at a time: for a model that another drafts for, and for quantised caches, which
mlx_lm does not batch."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from dragon_node.inference.engines.engine import Inserted, Made, Stepped
from dragon_node.inference.engines.loaded import Caches, Loaded
from dragon_node.inference.engines.prompts import GROUP, Kept, Prefill
from dragon_node.inference.engines.sampling import Own, likelihood, own, processors, sampler
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.reading.prompted import Processor, Prompted

KEPT_BYTES_MIN = 256 << 20
"""For prompts that come again, however small the model is; otherwise half of its weights."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A small model that guesses the next tokens of a large one, which then reads them at once."""

    loaded: Loaded
    caches: Caches
    tokens: int
    """That it guesses before the large one looks."""


@dataclass(slots=True)
class _Request:
    slot: int
    prompted: Prompted
    prefills: list[Prefill]
    """The model's, then the draft model's."""
    tokens: Generator[tuple[int, Any]] | None = None
    """(token, its log probabilities), once the prompt is read."""
    own: Own | None = None
    made: list[int] = field(default_factory=list[int])

    @property
    def left(self) -> int:
        return max(p.left for p in self.prefills)


class SingleEngine:
    """mlx_lm's generate_step or speculative_generate_step behind a prompt that is read here, in
    pieces and into caches that are kept. A greedy answer is the one that the model gives alone."""

    def __init__(
        self, loaded: Loaded, caches: Caches, *, kv_bits: int = 0, draft: Draft | None = None
    ) -> None:
        self._loaded = loaded
        self._caches = caches
        self._kv_bits = kv_bits
        self._draft = draft
        self._models = [loaded.model] if draft is None else [loaded.model, draft.loaded.model]
        share = max(KEPT_BYTES_MIN, self.weight_bytes // 2) // len(self._models)
        self._kept = [Kept(share) for _ in self._models]
        self._stream: Any = module("mlx_lm.generate").generation_stream
        self._request: _Request | None = None
        self._inserted = 0

    @property
    def weight_bytes(self) -> int:
        """In memory, the draft model's included."""
        drafting = 0 if self._draft is None else self._draft.loaded.weight_bytes
        return self._loaded.weight_bytes + drafting

    @property
    def cache_bytes(self) -> int:
        """Held for prompts that come again."""
        return sum(kept.bytes for kept in self._kept)

    @property
    def slots(self) -> int:
        """One."""
        return 1

    def kv_bytes(self, tokens: Sequence[int]) -> int:
        """The most that the caches take, the draft model's included."""
        drafting = 0 if self._draft is None else self._draft.caches.kv_bytes(tokens)
        return self._caches.kv_bytes(tokens) + drafting

    def insert(self, prompted: Prompted) -> Inserted:
        """Finds the nearest caches; reads nothing yet."""
        assert self._request is None, "no slot is free"
        self._inserted += 1
        models = self._models[:1] if prompted.constraint is not None else self._models
        prefills = [
            Prefill(model, prompted.tokens, *kept.nearest(prompted.tokens), self._kv_bits)
            for model, kept in zip(models, self._kept, strict=False)
        ]
        self._request = _Request(self._inserted, prompted, prefills, own=own(prompted))
        return Inserted(self._inserted, prefills[0].read)

    def step(self, prompt_tokens: int) -> Stepped:
        """A piece of the prompt, and a token as soon as it is read."""
        request = self._request
        if request is None:
            return Stepped()
        with module("mlx.core").stream(self._stream):
            read = max(p.go_on(max(1, prompt_tokens)) for p in request.prefills)
            if request.left > 0:
                return Stepped((), read)
            if request.tokens is None:
                self._kept[0].keep_prompt(
                    request.prefills[0].tokens[:-1], request.prefills[0].cache
                )
                request.tokens = self._generation(request)
            token, logprobs = next(request.tokens)
            return Stepped((self._made(request, token, logprobs),), read, 1)

    def remove(self, slot: int) -> None:
        """Its caches are kept as far as they were read."""
        if self._request is not None and self._request.slot == slot:
            self._end(self._request)

    def trim(self, cache_bytes: int) -> None:
        """Forgets what was kept, the oldest first; the large model's before the draft model's."""
        for kept in self._kept:
            kept.trim(max(0, cache_bytes - (self.cache_bytes - kept.bytes)))
        module("mlx.core").clear_cache()

    def rest(self) -> None:
        """Gives freed buffers back."""
        module("mlx.core").clear_cache()

    def close(self) -> None:
        """Frees the models and every cache."""
        if self._request is not None:
            self._end(self._request)
        del self._loaded, self._draft, self._models, self._kept
        module("mlx.core").clear_cache()

    def _made(self, request: _Request, token: int, logprobs: Any) -> Made:
        request.made.append(token)
        stopped = token in self._loaded.stop_tokens
        if stopped or len(request.made) >= request.prompted.request.max_tokens:
            self._end(request)
        if stopped:
            return Made(request.slot, None, "stop")
        chosen, top = likelihood(request.prompted.request, logprobs, token, request.own)
        return Made(request.slot, token, "" if self._request else "length", chosen, top)

    def _end(self, request: _Request) -> None:
        """Closing the generation takes back what was drafted and not taken."""
        self._request = None
        with module("mlx.core").stream(self._stream):
            if request.tokens is not None:
                request.tokens.close()
            for prefill, kept in zip(request.prefills, self._kept, strict=False):
                tokens = [*prefill.tokens, *request.made]
                kept.keep(tokens[: _length(prefill.cache)], prefill.cache)

    def _generation(self, request: _Request) -> Generator[tuple[int, Any]]:
        """A constraint goes with its own tokens, which a guess that is taken back would confuse:
        nothing is drafted for it."""
        generate, mx = module("mlx_lm.generate"), module("mlx.core")
        asked, main = request.prompted, request.prefills[0]
        seen = [request.own] if request.own else []
        given: dict[str, Any] = {
            "max_tokens": asked.request.max_tokens,
            "sampler": sampler(asked.request),
            "logits_processors": [
                _with_prompt(p, main.tokens[:-1]) for p in [*seen, *processors(asked)]
            ],
            "prompt_cache": [layer for p in request.prefills for layer in p.cache],
            "kv_bits": self._kv_bits or None,
            "kv_group_size": GROUP,
            "quantized_kv_start": 0,
        }
        last = mx.array(main.tokens[-1:], mx.uint32)
        if self._draft is None or len(request.prefills) == 1:
            return generate.generate_step(last, self._loaded.model, self._stream, **given)
        drafted = generate.speculative_generate_step(
            last,
            self._loaded.model,
            self._draft.loaded.model,
            self._stream,
            num_draft_tokens=self._draft.tokens,
            **given,
        )
        return _two(drafted)


def _two(drafted: Generator[tuple[int, Any, bool]]) -> Generator[tuple[int, Any]]:
    with closing(drafted):
        for token, logprobs, _ in drafted:
            yield token, logprobs


def _with_prompt(processor: Processor, prompt: Sequence[int]) -> Processor:
    """mlx_lm shows a processor the tokens that it was given, which is only the prompt's last."""
    mx = module("mlx.core")
    before = mx.array(list(prompt), mx.uint32)
    return lambda tokens, logits: processor(mx.concatenate([before, tokens]), logits)


def _length(cache: list[Any]) -> int:
    """Tokens that every layer has; 0 for a kind of cache that does not tell."""
    return min((int(getattr(layer, "offset", 0)) for layer in cache), default=0)
