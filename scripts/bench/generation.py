"""Tokens a second through gRPC against mlx_lm.stream_generate in this process, interleaved."""

from __future__ import annotations

import asyncio
import importlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from common.clients.inference import InferenceClient
from common.clients.membership import Membership
from common.daemon.home import models_directory
from common.model.llm import ChatMessage
from dragon_node.inference import blas
from scripts.bench.report import Figure, median
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

MODEL = "smollm2-135m-instruct"
QUESTION = "Explain what a write-ahead log is for."
TOKENS = 96
ROUNDS = 5


def measure() -> list[Figure]:
    """The ratio; the Dragon and this process never generate at the same time."""
    with mesh() as made:
        made.up(wait="ready")
        through, bare = asyncio.run(_rounds(made))
    ratio = median([a / b for a, b in zip(through, bare, strict=True)])
    return [
        Figure(
            "one stream of tokens through gRPC",
            f"{median(through):.1f} tokens/s (in process {median(bare):.1f}), ratio {ratio:.2f}",
            "`mlx_lm.stream_generate` in process",
            f"SmolLM2-135M float32 on the CPU, {TOKENS} tokens, greedy, median of {ROUNDS} "
            "interleaved rounds, prompt and first token included on both sides",
        )
    ]


async def _rounds(made: Mesh) -> tuple[list[float], list[float]]:
    through: list[float] = []
    bare: list[float] = []
    loop = asyncio.get_running_loop()
    # MLX belongs to one thread, and not to this one, whose heartbeats go on meanwhile
    with ThreadPoolExecutor(1) as owner:
        generate = await loop.run_in_executor(owner, _in_process)
        async with second_laptop(made) as membership:
            await _through(membership)  # loads the model there
            await loop.run_in_executor(owner, generate)
            for _ in range(ROUNDS):
                through.append(await _through(membership))
                bare.append(await loop.run_in_executor(owner, generate))
    return through, bare


async def _through(membership: Membership) -> float:
    client = InferenceClient(membership.routed("inference"))
    began = time.perf_counter()
    tokens = 0
    messages = (ChatMessage("user", QUESTION),)
    async for piece in client.generate(messages, model=MODEL, max_tokens=TOKENS):
        tokens = max(tokens, piece.completion_tokens)
    return tokens / (time.perf_counter() - began)


def _in_process() -> Any:
    blas.preload()
    mlx_lm: Any = importlib.import_module("mlx_lm")
    model, tokenizer = mlx_lm.load(str(models_directory() / MODEL))
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": QUESTION}], add_generation_prompt=True
    )

    def generate() -> float:
        began = time.perf_counter()
        tokens = 0
        for piece in mlx_lm.stream_generate(model, tokenizer, prompt, max_tokens=TOKENS):
            tokens = piece.generation_tokens
        return tokens / (time.perf_counter() - began)

    return generate
