"""From a caller's cancel to the moment when nothing runs any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from common.clients.inference import InferenceClient
from common.clients.membership import Membership
from common.model.llm import ChatMessage
from scripts.bench.heard import MODEL, Product, ask
from scripts.bench.material.questions import reading, story
from scripts.bench.report import Figure, median, quantile
from scripts.bench.stage import mesh, second_laptop

ROUNDS = 20
AHEAD = 8
WORDS = 2_000
TOKENS = 2_048
APART_S = 0.1
PHASES = 5
"""A cancel falls so many times APART_S later into the reading of a prompt, one after the other."""
SILENCE_S = 60.0


def measure(rounds: int = ROUNDS, words: int = WORDS, model: str = MODEL) -> list[Figure]:
    """While it speaks, and while it still reads a long prompt."""
    speaking, reads, call_s = asyncio.run(_cancels(rounds, words, model))
    return [
        _figure("it speaks", speaking, f"cancelled after {AHEAD} pieces", call_s, model),
        _figure("it reads", reads, f"cancelled while it reads {words:,} words", call_s, model),
    ]


async def speaking_cancelled(membership: Membership, number: int, model: str) -> float:
    """Seconds of silence's delay; the caller leaves after some pieces."""
    pieces = Product(membership, model).speak((ChatMessage("user", story(number)),), TOKENS)
    for _ in range(AHEAD):
        await anext(pieces)
    began = time.perf_counter()
    await pieces.aclose()
    return await _silent(InferenceClient(membership.routed("inference"))) - began


async def reading_cancelled(membership: Membership, number: int, words: int, model: str) -> float:
    """The same, but the caller leaves before the first piece."""
    client = InferenceClient(membership.routed("inference"))
    asked = asyncio.create_task(ask(Product(membership, model), reading(number, words), TOKENS))
    while not (await client.stats()).running:
        assert not asked.done(), "the answer ended before it was seen to run"
    await asyncio.sleep(APART_S * (number % PHASES))
    began = time.perf_counter()
    asked.cancel()
    await asyncio.wait([asked])
    return await _silent(client) - began


async def _silent(client: InferenceClient) -> float:
    """When the Dragon first says that nothing runs, by `time.perf_counter`."""
    async with asyncio.timeout(SILENCE_S):
        while (await client.stats()).running:
            pass
    return time.perf_counter()


async def _look(client: InferenceClient) -> float:
    began = time.perf_counter()
    await client.stats()
    return time.perf_counter() - began


async def _cancels(rounds: int, words: int, model: str) -> tuple[list[float], list[float], float]:
    """While speaking, while reading, and the median of one call that looks."""
    with mesh() as made:
        await asyncio.to_thread(made.up, wait="ready")
        async with second_laptop(made) as membership:
            await ask(Product(membership, model), story(0), 2)  # loads the model
            speaking = [await speaking_cancelled(membership, n, model) for n in range(rounds)]
            reads = [await reading_cancelled(membership, n, words, model) for n in range(rounds)]
            client = InferenceClient(membership.routed("inference"))
            call_s = median([await _look(client) for _ in range(rounds)])
            return speaking, reads, call_s


def _figure(
    doing: str, silent_s: Sequence[float], method: str, call_s: float, model: str
) -> Figure:
    return Figure(
        f"cancel to silence while {doing}",
        f"median {median(silent_s) * 1000:.0f} ms, p95 {quantile(silent_s, 0.95) * 1000:.0f} ms",
        "",
        f"{model} through gRPC, {method}, {len(silent_s)} times, until `InferenceStats` says that "
        f"nothing runs; one look takes {call_s * 1000:.0f} ms",
    )
