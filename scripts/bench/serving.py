"""The same load on the Dragon and on mlx_lm.server: requests a second, latency, memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil

from common.daemon.home import models_directory
from scripts.bench.heard import MODEL, Heard, Product, Voice, ask
from scripts.bench.material.questions import reading, story
from scripts.bench.mlx_server import MlxServer
from scripts.bench.report import Figure, median, quantile
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

REQUESTS = 24
CONCURRENCY = 8
TOKENS = 48
ROUNDS = 3
MIXED_WORDS = (0, 0, 120, 400)
"""To read before the question, one after the other: half of the requests are only a question."""
SAMPLE_S = 0.05


@dataclass(frozen=True, slots=True)
class Served:
    """What one side made of the load."""

    heard: tuple[Heard, ...]
    """In the order of the questions."""
    wall_s: float
    rss_bytes: int
    """The most that its process had in memory meanwhile."""

    @property
    def requests_per_s(self) -> float:
        """Finished."""
        return len(self.heard) / self.wall_s

    @property
    def tokens_per_s(self) -> float:
        """Of answers."""
        return sum(h.last.completion_tokens for h in self.heard) / self.wall_s

    def latency_s(self, share: float) -> float:
        """Quantile of the time from question to end."""
        return quantile([h.latency_s for h in self.heard], share)

    def first_s(self, share: float) -> float:
        """Quantile of the time from question to first text."""
        return quantile([h.first_s for h in self.heard], share)


def measure(
    requests: int = REQUESTS,
    concurrency: int = CONCURRENCY,
    tokens: int = TOKENS,
    rounds: int = ROUNDS,
    model: str = MODEL,
) -> list[Figure]:
    """Both are up at the same time; only one is asked."""
    with mesh() as made:
        made.up(wait="ready")
        pairs = asyncio.run(_rounds(made, requests, concurrency, tokens, rounds, model))
    return _figures(pairs, requests, concurrency, tokens, model)


def load(number: int, requests: int) -> list[str]:
    """The questions of a round, new ones for each."""
    first = number * requests
    return [
        reading(n, words, asked=n) if (words := MIXED_WORDS[n % len(MIXED_WORDS)]) else story(n)
        for n in range(first, first + requests)
    ]


async def served(
    voice: Voice, pid: int, questions: Sequence[str], concurrency: int, tokens: int
) -> Served:
    """So many at a time, each next one when one has ended."""
    free = asyncio.Semaphore(concurrency)

    async def one(question: str) -> Heard:
        async with free:
            return await ask(voice, question, tokens)

    async with _watched(pid) as most:
        began = time.perf_counter()
        heard = await asyncio.gather(*map(one, questions))
        wall_s = time.perf_counter() - began
    return Served(tuple(heard), wall_s, most.rss_bytes)


async def _rounds(
    made: Mesh, requests: int, concurrency: int, tokens: int, rounds: int, model: str
) -> list[tuple[Served, Served]]:
    """(Dragon, mlx_lm.server); the first round, which loads, is thrown away."""
    pairs: list[tuple[Served, Served]] = []
    async with (
        MlxServer.open(models_directory() / model) as peer,
        second_laptop(made) as membership,
    ):
        sides = ((Product(membership, model), made.pid("dragon")), (peer, peer.pid))
        for number in range(rounds + 1):
            questions = load(number, requests)
            turn = sides if number % 2 else sides[::-1]
            results = [await served(v, pid, questions, concurrency, tokens) for v, pid in turn]
            ours, theirs = results if number % 2 else results[::-1]
            pairs.append((ours, theirs))
    return pairs[1:]


def _figures(
    pairs: Sequence[tuple[Served, Served]],
    requests: int,
    concurrency: int,
    tokens: int,
    model: str,
) -> list[Figure]:
    ours, theirs = zip(*pairs, strict=True)
    same = sum(a.text == b.text for o, t in pairs for a, b in zip(o.heard, t.heard, strict=True))
    rate = median([o.requests_per_s / t.requests_per_s for o, t in pairs])
    tail = median([o.latency_s(0.95) / t.latency_s(0.95) for o, t in pairs])
    return [
        Figure(
            "requests a second",
            f"{median([o.requests_per_s for o in ours]):.2f}, ratio {rate:.2f}",
            f"{median([t.requests_per_s for t in theirs]):.2f}",
            f"{model}; {requests} requests, {concurrency} at a time, {tokens} tokens each, greedy, "
            f"prompts of {_prompts(ours)} tokens that are in no cache; held against "
            f"`mlx_lm.server` over HTTP with the same directory and the same BLAS, both as "
            f"streams; median of {len(pairs)} interleaved rounds",
        ),
        Figure(
            "tokens a second in sum",
            f"{median([o.tokens_per_s for o in ours]):.1f}",
            f"{median([t.tokens_per_s for t in theirs]):.1f}",
            f"the same texts in {same} of {len(pairs) * requests} answers",
        ),
        _seconds(
            "a request, from question to end: p50",
            [s.latency_s(0.5) for s in ours],
            [s.latency_s(0.5) for s in theirs],
        ),
        _seconds(
            "the same, p95",
            [s.latency_s(0.95) for s in ours],
            [s.latency_s(0.95) for s in theirs],
            f"ratio {tail:.2f}",
        ),
        _seconds(
            "to the first text: p95",
            [s.first_s(0.95) for s in ours],
            [s.first_s(0.95) for s in theirs],
        ),
        Figure(
            "most memory of the serving process (RSS)",
            f"{max(o.rss_bytes for o in ours) / (1 << 20):,.0f} MB",
            f"{max(t.rss_bytes for t in theirs) / (1 << 20):,.0f} MB",
            "looked at every 50 ms; the Dragon's holds the lake and the embedder as well",
        ),
    ]


def _seconds(what: str, ours: Sequence[float], theirs: Sequence[float], method: str = "") -> Figure:
    return Figure(what, f"{median(ours):.2f} s", f"{median(theirs):.2f} s", method)


def _prompts(sides: Sequence[Served]) -> str:
    lengths = [h.last.prompt_tokens for side in sides for h in side.heard]
    return f"{min(lengths)} to {max(lengths)}"


@dataclass(slots=True)
class _Most:
    rss_bytes: int = field(default=0)


@asynccontextmanager
async def _watched(pid: int) -> AsyncGenerator[_Most]:
    most, process = _Most(), psutil.Process(pid)

    async def look() -> None:
        while True:
            most.rss_bytes = max(most.rss_bytes, process.memory_info().rss)
            await asyncio.sleep(SAMPLE_S)

    looker = asyncio.create_task(look())
    try:
        yield most
    finally:
        looker.cancel()
        await asyncio.wait([looker])
