"""Time to the first token of a long prompt, with and without what it begins with in the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from common.daemon.home import models_directory
from scripts.bench.heard import MODEL, Heard, Product, Voice, ask
from scripts.bench.material import questions
from scripts.bench.mlx_server import MlxServer
from scripts.bench.report import Figure, median
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

WORDS = 1_000
TOKENS = 4
ROUNDS = 5

Pair = tuple[Heard, Heard]
"""Cold and warm."""


def measure(words: int = WORDS, rounds: int = ROUNDS, model: str = MODEL) -> list[Figure]:
    """A text that nobody has read yet, then another question about the same text."""
    with mesh() as made:
        made.up(wait="ready")
        ours, theirs = asyncio.run(_rounds(made, words, rounds, model))
    share = median([w.last.cached_tokens / max(1, w.last.prompt_tokens) for _, w in ours])
    return [
        Figure(
            "time to the first text, warm prompt cache against cold",
            _said(ours),
            f"`mlx_lm.server`: {_said(theirs)}",
            f"{model} through gRPC, a text of {words:,} words that is new, then another question "
            f"about the same text, median of {rounds} interleaved rounds; {share:.0%} of "
            f"{ours[0][1].last.prompt_tokens:,} prompt tokens came from the cache",
        )
    ]


async def _rounds(made: Mesh, words: int, rounds: int, model: str) -> tuple[list[Pair], list[Pair]]:
    """Of the Dragon and of mlx_lm.server; the first round is thrown away."""
    async with (
        MlxServer.open(models_directory() / model) as peer,
        second_laptop(made) as membership,
    ):
        voices: tuple[Voice, ...] = (Product(membership, model), peer)
        found: tuple[list[Pair], ...] = ([], [])
        for number in range(rounds + 1):
            for side in sorted(range(len(voices)), reverse=bool(number % 2)):
                found[side].append(await _pair(voices[side], number, words))
    ours, theirs = (side[1:] for side in found)
    return ours, theirs


async def _pair(voice: Voice, number: int, words: int) -> Pair:
    cold = await ask(voice, questions.reading(number, words, asked=1), TOKENS)
    return cold, await ask(voice, questions.reading(number, words, asked=2), TOKENS)


def _said(pairs: Sequence[Pair]) -> str:
    cold, warm = (median([h.first_s for h in heard]) for heard in zip(*pairs, strict=True))
    return f"{warm * 1000:.0f} ms against {cold * 1000:.0f} ms: {cold / warm:.1f} times"
