"""Tokens a second through gRPC against mlx_lm.stream_generate in a bare process, interleaved."""

from __future__ import annotations

import asyncio

from scripts.bench.bare import Bare
from scripts.bench.heard import MODEL, Product, ask
from scripts.bench.material.questions import story
from scripts.bench.report import Figure, median
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

TOKENS = 96
ROUNDS = 5


def measure(tokens: int = TOKENS, rounds: int = ROUNDS, model: str = MODEL) -> list[Figure]:
    """The ratio; the two never generate at the same time."""
    with mesh() as made:
        made.up(wait="ready")
        pairs = asyncio.run(_rounds(made, tokens, rounds, model))
    through, bare = (median(values) for values in zip(*pairs, strict=True))
    ratio = median([a / b for a, b in pairs])
    return [
        Figure(
            "one stream of tokens through gRPC",
            f"{through:.1f} tokens/s (bare {bare:.1f}), ratio {ratio:.2f}",
            "bar >= 0.95 of `mlx_lm.stream_generate` in a process",
            f"{model}, {tokens} tokens, greedy, median of {rounds} interleaved rounds, prompt and "
            "first token included on both sides",
        )
    ]


async def _rounds(made: Mesh, tokens: int, rounds: int, model: str) -> list[tuple[float, float]]:
    """(through gRPC, bare), tokens a second; the first round, which loads, is thrown away."""
    pairs: list[tuple[float, float]] = []
    async with Bare(model) as bare, second_laptop(made) as membership:
        product = Product(membership, model)
        for number in range(rounds + 1):
            question = story(number)
            if number % 2:
                alone = await bare.tokens_per_s([question], tokens)
                through = await _through(product, question, tokens)
            else:
                through = await _through(product, question, tokens)
                alone = await bare.tokens_per_s([question], tokens)
            pairs.append((through, alone))
    return pairs[1:]


async def _through(product: Product, question: str, tokens: int) -> float:
    heard = await ask(product, question, tokens)
    return heard.last.completion_tokens / heard.latency_s
