"""Memory after hundreds of answers through the door is what it was after the first ones."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from pathlib import Path

import psutil

from common.model.llm import ChatMessage, GenerationRequest
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.models import Models
from dragon_node.inference.opened import CATALOG, open_models
from tests.support.tiny_models import tiny_model

TINY = '[models.tiny]\nsource = "directory:{here}/tiny"\npurpose = "fast"\npriority = 1\n'
AT_ONCE = 20
WARM, ANSWERS = 200, 500
CANCELLED_EVERY = 5
ACTIVE_SLACK_BYTES = 64 << 10
"""Seen: 9 KB, logits and tokens of the last step. A row of logits that stays for each answer is 500
KB."""
RESIDENT_SLACK_BYTES = 8 << 20
"""Seen: 1 MB."""


async def test_five_hundred_answers_through_the_door_later_memory_is_as_it_was(tmp_path: Path):
    """Prompts that share a beginning and ones that do not, drawn and greedy, some held to a
    grammar, some with logprobs; a fifth of the callers leave after the first piece."""
    tiny_model(tmp_path / "tiny", layers=1)
    (tmp_path / CATALOG).write_text(TINY.format(here=tmp_path))
    (weights := tmp_path / "weights").mkdir()
    async with open_models(weights, tmp_path, lake_bytes=1 << 28) as models:
        heard = await answers(models, range(WARM))
        before = await settled(models)
        heard += await answers(models, range(WARM, WARM + ANSWERS))
        after = await settled(models)
        stats = await models.stats()
    assert after[0] - before[0] <= ACTIVE_SLACK_BYTES
    assert after[1] - before[1] < RESIDENT_SLACK_BYTES
    assert heard == stats.finished
    assert stats.finished + stats.cancelled == WARM + ANSWERS
    assert stats.cancelled == (WARM + ANSWERS) // CANCELLED_EVERY
    assert stats.failed == stats.refused == 0


async def answers(models: Models, numbers: range) -> int:
    """So many at once; how many came to their end."""
    whole = 0
    for first in range(numbers.start, numbers.stop, AT_ONCE):
        several = (answer(models, number) for number in range(first, first + AT_ONCE))
        whole += sum(await asyncio.gather(*several))
    return whole


async def answer(models: Models, number: int) -> bool:
    leaves = number % CANCELLED_EVERY == 0
    request = GenerationRequest(
        messages=(ChatMessage("user", f"{'shared ' * 9 if number % 2 else ''}{number % 50}"),),
        max_tokens=400 if leaves else 6,
        temperature=float(number % 3),
        seed=number + 1,
        logprobs=number % 4 == 1,
        top_logprobs=2 if number % 4 == 1 else 0,
        regex="[a-z]{200}" if leaves else "[a-z ]{3}" if number % 7 == 1 else "",
    )
    async with aclosing(models.generate(request)) as pieces:
        async for piece in pieces:
            if leaves:
                return False
            if piece.finish:
                return True
    raise AssertionError("an answer without an end")


async def settled(models: Models) -> tuple[int, int]:
    """(MLX's active bytes but for what is kept for prompts, resident bytes) with nobody there."""
    await models.quiet()
    gc.collect()
    kept = sum(s.bytes for s in (await models.stats()).shares if s.name == "prompt cache")
    assert kept > 0
    resident = psutil.Process().memory_info().rss
    return int(module("mlx.core").get_active_memory()) - kept, resident
