"""Time to the first token of a long prompt, with and without what it begins with in the cache."""

from __future__ import annotations

import asyncio

from scripts.bench.heard import MODEL, Heard, Product, ask
from scripts.bench.material import questions
from scripts.bench.report import Figure, median
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

WORDS = 1_000
TOKENS = 4
ROUNDS = 5


def measure(words: int = WORDS, rounds: int = ROUNDS, model: str = MODEL) -> list[Figure]:
    """A text that nobody has read yet, then another question about the same text."""
    with mesh() as made:
        made.up(wait="ready")
        pairs = asyncio.run(_rounds(made, words, rounds, model))
    cold, warm = (median([h.first_s for h in heard]) for heard in zip(*pairs, strict=True))
    share = median([w.last.cached_tokens / max(1, w.last.prompt_tokens) for _, w in pairs])
    return [
        Figure(
            "time to the first token, warm prompt cache against cold",
            f"{warm * 1000:.0f} ms against {cold * 1000:.0f} ms: {cold / warm:.1f} times",
            f"{share:.0%} of {pairs[0][1].last.prompt_tokens:,} prompt tokens were in the cache",
            f"{model} through gRPC, a text of {words:,} words that is new, then another question "
            f"about the same text, median of {rounds} rounds",
        )
    ]


async def _rounds(made: Mesh, words: int, rounds: int, model: str) -> list[tuple[Heard, Heard]]:
    """(cold, warm) of each; the first round is thrown away."""
    pairs: list[tuple[Heard, Heard]] = []
    async with second_laptop(made) as membership:
        product = Product(membership, model)
        for number in range(rounds + 1):
            cold = await ask(product, questions.reading(number, words, asked=1), TOKENS)
            warm = await ask(product, questions.reading(number, words, asked=2), TOKENS)
            pairs.append((cold, warm))
    return pairs[1:]
