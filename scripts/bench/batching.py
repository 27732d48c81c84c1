"""Eight requests at once against the same eight in a row, and a bare BatchGenerator beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.bench.bare import Bare
from scripts.bench.heard import MODEL, Product, Voice, ask
from scripts.bench.material.questions import story
from scripts.bench.report import Figure, median
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

WIDTH = 8
TOKENS = 48
ROUNDS = 3
TURN = 1_000
"""Questions of one turn lie so far from those of the next: each is new to the prompt cache."""


def measure(
    width: int = WIDTH, tokens: int = TOKENS, rounds: int = ROUNDS, model: str = MODEL
) -> list[Figure]:
    """Aggregate tokens a second, in four ways that take turns."""
    with mesh() as made:
        made.up(wait="ready")
        found = asyncio.run(_rounds(made, width, tokens, rounds, model))
    gain = median([r.together / r.row for r in found])
    bare_gain = median([r.bare_together / r.bare_row for r in found])
    against = median([r.together / r.bare_together for r in found])
    return [
        Figure(
            f"{width} requests at once against {width} in a row, through gRPC",
            f"{median([r.together for r in found]):.1f} against "
            f"{median([r.row for r in found]):.1f} tokens/s in sum: {gain:.2f} times",
            f"bar >= 3.5 times; bare `BatchGenerator` {bare_gain:.2f} times",
            f"{model}, {tokens} tokens each, greedy, prompts of about 30 tokens that are in no "
            f"cache, median of {rounds} interleaved rounds",
        ),
        Figure(
            f"{width} at once against a bare `BatchGenerator`",
            f"ratio {against:.2f}",
            f"bare {median([r.bare_together for r in found]):.1f} tokens/s in sum, "
            f"{median([r.bare_row for r in found]):.1f} in a row by `stream_generate`",
            "the same rounds",
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Round:
    """Tokens a second in sum."""

    row: float
    together: float
    bare_row: float
    bare_together: float


async def _rounds(made: Mesh, width: int, tokens: int, rounds: int, model: str) -> list[_Round]:
    found: list[_Round] = []
    async with Bare(model) as bare, second_laptop(made) as membership:
        product = Product(membership, model)
        for number in range(rounds + 1):
            row, together = (
                [story(2 * TURN * number + TURN * turn + i) for i in range(width)]
                for turn in range(2)
            )
            found.append(
                _Round(
                    row=await in_a_row(product, row, tokens),
                    bare_row=await bare.tokens_per_s(row, tokens),
                    together=await at_once(product, together, tokens),
                    bare_together=await bare.tokens_per_s(together, tokens, together=True),
                )
            )
    return found[1:]


async def in_a_row(voice: Voice, questions: Sequence[str], tokens: int) -> float:
    """Tokens a second."""
    began = time.perf_counter()
    heard = [await ask(voice, question, tokens) for question in questions]
    return sum(h.last.completion_tokens for h in heard) / (time.perf_counter() - began)


async def at_once(voice: Voice, questions: Sequence[str], tokens: int) -> float:
    """Tokens a second in sum."""
    began = time.perf_counter()
    heard = await asyncio.gather(*(ask(voice, question, tokens) for question in questions))
    return sum(h.last.completion_tokens for h in heard) / (time.perf_counter() - began)
