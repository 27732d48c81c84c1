"""How long a running stream falls silent while a long prompt is admitted beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise

from common.daemon.home import models_directory
from common.model.llm import ChatMessage
from scripts.bench.heard import MODEL, Product, Voice, ask
from scripts.bench.material.questions import reading, story
from scripts.bench.mlx_server import MlxServer
from scripts.bench.report import Figure, median, quantile
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

WORDS = 2_000
ROUNDS = 5
AHEAD = 12
"""Pieces that the stream has given before the long prompt comes."""
STREAM_TOKENS = 512
WHOLE_PROMPT = "1000000"
PREFILL_VARIABLE = "POSTDEVAI_PREFILL_TOKENS"
"""Fixes how many prompt tokens a step reads; unset, the Dragon measures and chooses."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A long prompt that joined a running stream; seconds."""

    gaps_s: tuple[float, ...]
    """Between pieces of the running stream, those that touch the admission."""
    calm_s: tuple[float, ...]
    """The same before it."""
    first_s: float
    """From the long question to its first text."""
    prompt_tokens: int


def measure(words: int = WORDS, rounds: int = ROUNDS, model: str = MODEL) -> list[Figure]:
    """With stepping as it is, with the whole prompt in one step, and by mlx_lm.server."""
    with mesh() as stepping, mesh(**{PREFILL_VARIABLE: WHOLE_PROMPT}) as whole:
        for made in (stepping, whole):
            made.up(wait="ready")
        found = asyncio.run(_admissions(stepping, whole, words, rounds, model))
    stepped, at_once, peer = found
    prompt = stepped[0].prompt_tokens
    return [
        Figure(
            f"gap between tokens of a running stream while {prompt:,} prompt tokens are read",
            _said(stepped),
            f"the prompt in one step: {_said(at_once)}; `mlx_lm.server`: {_said(peer)}",
            f"{model} through gRPC, {rounds} interleaved admissions each, gaps that touch the time "
            "from the long question to its first text; before it the gap is "
            f"{_calm(stepped) * 1000:.0f} ms (median)",
        ),
        Figure(
            "what that costs the long prompt: time to its first text",
            f"{_first(stepped):.2f} s",
            f"in one step {_first(at_once):.2f} s; `mlx_lm.server` {_first(peer):.2f} s",
            "the same admissions, beside a running stream",
        ),
    ]


def touching(times_s: Sequence[float], begin_s: float, end_s: float) -> tuple[float, ...]:
    """The gaps between those times that share a moment with the span."""
    return tuple(b - a for a, b in pairwise(times_s) if b > begin_s and a < end_s)


async def admitted(voice: Voice, number: int, words: int) -> Admitted:
    """One admission; the running stream is cancelled afterwards."""
    async with _Running(voice, story(number)) as running:
        await running.reach(AHEAD)
        began_s = time.perf_counter()
        heard = await ask(voice, reading(number, words, asked=number), 2)
        await running.reach(len(running.times_s) + 1)  # the last gap is whole
        times_s = running.times_s
    calm = touching(times_s, times_s[0], times_s[AHEAD - 1])
    gaps = touching(times_s, began_s, began_s + heard.first_s)
    return Admitted(gaps, calm, heard.first_s, heard.last.prompt_tokens)


class _Running:
    """A stream that is read beside everything else, until the block ends."""

    def __init__(self, voice: Voice, question: str) -> None:
        self._pieces = voice.speak((ChatMessage("user", question),), STREAM_TOKENS)
        self._came = asyncio.Condition()
        self._over = False
        self.times_s: list[float] = []
        """When each piece with text came, by `time.perf_counter`."""

    async def __aenter__(self) -> _Running:
        self._reader = asyncio.create_task(self._read())
        return self

    async def reach(self, pieces: int) -> None:
        """Returns when so many have come; the stream may not end before."""
        async with self._came:
            await self._came.wait_for(lambda: self._over or len(self.times_s) >= pieces)
        assert len(self.times_s) >= pieces, "the stream ended before the long prompt was read"

    async def __aexit__(self, *_: object) -> None:
        self._reader.cancel()
        await asyncio.wait([self._reader])

    async def _read(self) -> None:
        try:
            async with aclosing(self._pieces) as pieces:
                async for piece in pieces:
                    if piece.text:
                        await self._note(time.perf_counter())
        finally:
            self._over = True
            await self._note()

    async def _note(self, *times_s: float) -> None:
        async with self._came:
            self.times_s += times_s
            self._came.notify_all()


async def _admissions(
    stepping: Mesh, whole: Mesh, words: int, rounds: int, model: str
) -> tuple[list[Admitted], list[Admitted], list[Admitted]]:
    """One asked after the other; the first round, which loads, is thrown away."""
    async with (
        second_laptop(stepping) as one,
        second_laptop(whole) as other,
        MlxServer.open(models_directory() / model) as peer,
    ):
        voices: tuple[Voice, ...] = (Product(one, model), Product(other, model), peer)
        found: tuple[list[Admitted], ...] = ([], [], [])
        for number in range(rounds + 1):
            for side in sorted(range(len(voices)), reverse=bool(number % 2)):
                found[side].append(await admitted(voices[side], number, words))
    stepped, at_once, theirs = (side[1:] for side in found)
    return stepped, at_once, theirs


def _said(found: Sequence[Admitted]) -> str:
    gaps_s = [gap for a in found for gap in a.gaps_s]
    return f"p95 {quantile(gaps_s, 0.95) * 1000:.0f} ms, longest {max(gaps_s) * 1000:.0f} ms"


def _first(found: Sequence[Admitted]) -> float:
    return median([a.first_s for a in found])


def _calm(found: Sequence[Admitted]) -> float:
    return median([gap for a in found for gap in a.calm_s])
