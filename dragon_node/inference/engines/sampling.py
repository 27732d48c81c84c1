"""Chooses a token: each request by its own numbers and its own random key."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from common.model.llm import GenerationRequest
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.reading.prompted import Processor, Prompted

Sampler = Callable[[Any], Any]
"""(rows, vocabulary) log probabilities to (rows,) tokens; both are MLX arrays."""
TEMPERATURE_MIN = 1e-4
"""Below, an answer is greedy: hardly a draw would differ, and what is divided by less and less is
infinite in the end."""


def sampler(request: GenerationRequest) -> Sampler | None:
    """None is greedy. The same request and seed give the same tokens whoever is beside it: its key
    is its own, where mlx_lm's samplers share one random state. Cuts are made before temperature,
    as mlx_lm makes them (sample_utils), but not compiled: MLX keeps every compiled one, and there
    would be one for each number that a caller thinks of."""
    if request.temperature < TEMPERATURE_MIN:
        return None
    mx = module("mlx.core")
    key = mx.random.key(request.seed & 0xFFFF_FFFF_FFFF_FFFF)

    def choose(logprobs: Any) -> Any:
        nonlocal key
        key, once = mx.random.split(key)
        left = cut(logprobs, request).astype(mx.float32)  # a model's own halves end at 65,504
        return mx.random.categorical(left / request.temperature, key=once)

    return choose


def cut(logprobs: Any, request: GenerationRequest) -> Any:
    """Minus infinity for what top_k, top_p and min_p leave out. The likeliest always stays."""
    mx = module("mlx.core")
    vocabulary: int = logprobs.shape[-1]
    floors: list[Any] = []
    if 0 < request.top_p < 1:
        floors.append(_nucleus(logprobs, request.top_p))
    if 0 < request.min_p <= 1:
        best = mx.max(logprobs, axis=-1, keepdims=True)
        floors.append(best + mx.log(mx.array(request.min_p)))
    if 0 < request.top_k < vocabulary:
        floors.append(mx.min(mx.topk(logprobs, request.top_k, axis=-1), axis=-1, keepdims=True))
    for floor in floors:
        logprobs = mx.where(logprobs < floor, -mx.inf, logprobs)
    return logprobs


def _nucleus(logprobs: Any, top_p: float) -> Any:
    """The least likely of the fewest tokens that have top_p of the probability together."""
    mx = module("mlx.core")
    ascending = mx.sort(logprobs, axis=-1)
    shares = mx.exp(ascending.astype(mx.float32))
    above = mx.cumsum(shares, axis=-1, reverse=True, inclusive=False)
    whole = above[..., :1] + shares[..., :1]
    dropped = (above >= top_p * whole).sum(axis=-1, keepdims=True)
    best = ascending.shape[-1] - 1
    return mx.take_along_axis(ascending, mx.minimum(dropped, best), axis=-1)


class Own:
    """A model's own logarithms, where something else has a say in what is chosen. It is the first
    processor, and remembers what it saw by the tokens before it: a step is computed ahead, and one
    that was drafted may be computed again."""

    def __init__(self, prompt_tokens: int) -> None:
        """Of a request whose first `prompt_tokens` tokens are not its own."""
        self._before = prompt_tokens
        self._seen: dict[int, Any] = {}

    def __call__(self, tokens: Any, logits: Any) -> Any:
        """Changes nothing."""
        self._seen[int(tokens.size)] = logits[0]
        return logits

    def next(self) -> Any:
        """(vocabulary,) of the token that is told now; each is told once, in order."""
        mx = module("mlx.core")
        logits = self._seen.pop(self._before).astype(mx.float32)
        self._before += 1
        return logits - mx.logsumexp(logits)


def processors(prompted: Prompted) -> list[Processor]:
    """What changes a request's logits before a token is chosen, in order. The constraint is last:
    nothing that it forbids comes back."""
    found: list[Processor] = []
    penalty = prompted.request.repetition_penalty
    if penalty not in (0.0, 1.0):
        found.append(module("mlx_lm.sample_utils").make_repetition_penalty(penalty))
    if prompted.constraint is not None:
        found.append(prompted.constraint.processor(len(prompted.tokens)))
    return found


def own(prompted: Prompted) -> Own | None:
    """Belongs before the others, where they change what was asked to be told; None elsewhere: there
    what is chosen from is the model's own."""
    changed = prompted.constraint is not None or (
        prompted.request.repetition_penalty not in (0.0, 1.0)
    )
    return Own(len(prompted.tokens)) if prompted.request.logprobs and changed else None


def likelihood(
    request: GenerationRequest, logprobs: Any, token: int, own: Own | None
) -> tuple[float, tuple[tuple[int, float], ...]]:
    """A token's logarithm and the likeliest tokens with theirs, as far as they were asked for.
    `logprobs` is (vocabulary,), of what was chosen from; `own` is the model's, if that differs."""
    if not request.logprobs:
        return 0.0, ()
    mx = module("mlx.core")
    if own is not None:
        logprobs = own.next()
    chosen = float(logprobs[token].item())
    if request.top_logprobs <= 0:
        return chosen, ()
    best = mx.argsort(-logprobs)[: request.top_logprobs]
    pairs = zip(best.tolist(), logprobs[best].astype(mx.float32).tolist(), strict=True)
    return chosen, tuple((int(t), float(p)) for t, p in pairs if p > -math.inf)
