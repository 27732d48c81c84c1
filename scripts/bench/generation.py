"""Tokens a second through gRPC against mlx_lm.stream_generate in a bare process, interleaved."""

from __future__ import annotations

import asyncio
import sys
import time

from common.clients.inference import InferenceClient
from common.clients.membership import Membership
from common.model.llm import ChatMessage
from scripts.bench.report import Figure, median
from scripts.bench.stage import ROOT, mesh, second_laptop
from tests.support.mesh import Mesh

MODEL = "smollm2-135m-instruct"
QUESTION = "Explain what a write-ahead log is for."
TOKENS = 96
ROUNDS = 5


def measure() -> list[Figure]:
    """The ratio; the two never generate at the same time."""
    with mesh() as made:
        made.up(wait="ready")
        through, bare = asyncio.run(_rounds(made))
    ratio = median([a / b for a, b in zip(through, bare, strict=True)])
    return [
        Figure(
            "one stream of tokens through gRPC",
            f"{median(through):.1f} tokens/s (bare {median(bare):.1f}), ratio {ratio:.2f}",
            "`mlx_lm.stream_generate` in a process",
            f"SmolLM2-135M float32 on the CPU, {TOKENS} tokens, greedy, median of {ROUNDS} "
            "interleaved rounds, prompt and first token included on both sides",
        )
    ]


async def _rounds(made: Mesh) -> tuple[list[float], list[float]]:
    through: list[float] = []
    bare: list[float] = []
    async with _Peer() as peer, second_laptop(made) as membership:
        await _through(membership)  # loads the model there
        await peer.generate()
        for _ in range(ROUNDS):
            through.append(await _through(membership))
            bare.append(await peer.generate())
    return through, bare


class _Peer:
    """generation_peer.py as a process."""

    async def __aenter__(self) -> _Peer:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "scripts.bench.generation_peer", MODEL, QUESTION, str(TOKENS)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        assert await self._line() == "ready"
        return self

    async def generate(self) -> float:
        """Tokens a second."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        await self._process.stdin.drain()
        return float(await self._line())

    async def _line(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


async def _through(membership: Membership) -> float:
    client = InferenceClient(membership.routed("inference"))
    began = time.perf_counter()
    tokens = 0
    messages = (ChatMessage("user", QUESTION),)
    async for piece in client.generate(messages, model=MODEL, max_tokens=TOKENS):
        tokens = max(tokens, piece.completion_tokens)
    return tokens / (time.perf_counter() - began)
