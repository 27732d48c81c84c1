"""The real small models behind their door. What they say is never looked at, only that they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from common.errors import Invalid, Missing, Unavailable
from common.model.llm import ChatMessage, Generated
from dragon_node.inference.fetching import pins
from dragon_node.inference.models import Models
from dragon_node.inference.scheduling.scheduler import Prompt

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def models(models_dir: Path) -> AsyncGenerator[Models]:
    async with Models.open(models_dir) as opened:
        yield opened


def asked(text: str, tokens: int = 12) -> Prompt:
    return Prompt("fast", (ChatMessage("user", text),), tokens)


async def whole(pieces: AsyncGenerator[Generated]) -> tuple[str, Generated]:
    text, last = "", Generated("")
    async for last in pieces:
        text += last.text
    return text, last


async def test_a_model_is_ready_before_and_loaded_after_it_has_spoken(models_dir: Path):
    async with Models.open(models_dir) as fresh:
        before = {m.name: m for m in await fresh.list()}
        await whole(fresh.generate(asked("Hello", 2)))
        after = {m.name: m for m in await fresh.list()}
    name = pins.SMOLLM2.model
    assert (before[name].state, before[name].bytes) == ("ready", 0)
    assert after[name].state == "loaded"
    assert after[name].bytes > 500_000_000
    assert after[pins.BGE.model].state == "ready"


async def test_it_stops_at_max_tokens_and_says_so(models: Models):
    text, last = await whole(models.generate(asked("Tell a long story.", 8)))
    assert text
    assert (last.finish, last.completion_tokens) == ("length", 8)
    assert last.prompt_tokens > 5
    assert last.model == pins.SMOLLM2.model


async def test_requests_that_share_a_batch_say_what_each_says_alone(models: Models):
    """Text of one request once leaked into another's under batching (mlx-lm 965)."""
    questions = ["Name a colour.", "What is a journal? " * 20, "Count to ten."]
    alone = [await whole(models.generate(asked(q))) for q in questions]
    together = await asyncio.gather(*(whole(models.generate(asked(q))) for q in questions))
    assert [text for text, _ in together] == [text for text, _ in alone]


async def test_after_a_cancel_in_the_prompt_the_next_request_is_undisturbed(models: Models):
    before, _ = await whole(models.generate(asked("Name a colour.")))
    leaves = models.generate(asked("word " * 2_000, 400))
    first = asyncio.ensure_future(anext(leaves))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await leaves.aclose()
    async with asyncio.timeout(60):
        await models.quiet()
        after, _ = await whole(models.generate(asked("Name a colour.")))
    assert after == before
    assert models.requests == 0


async def test_a_cancel_while_speaking_leaves_the_others_their_words(models: Models):
    alone, _ = await whole(models.generate(asked("Count to ten.", 16)))
    leaves = models.generate(asked("Tell a long story.", 400))
    await anext(leaves)
    stays = asyncio.ensure_future(whole(models.generate(asked("Count to ten.", 16))))
    await asyncio.sleep(0)
    await leaves.aclose()
    assert (await stays)[0] == alone


async def test_a_prompt_beyond_the_context_is_invalid_and_says_the_numbers(models: Models):
    with pytest.raises(Invalid, match="more than the") as why:
        await whole(models.generate(asked("word " * 20_000)))
    assert why.value.field == "messages"


async def test_the_speaker_counts_tokens_as_its_model_does(models: Models):
    speaker = await models.speaker()
    assert speaker.entry.demonstration
    short, long = speaker.count("one"), speaker.count("one two three four")
    assert 0 < short < long


async def test_an_unknown_model_is_missing(models: Models):
    with pytest.raises(Missing):
        models.generate(Prompt("gpt-17", (ChatMessage("user", "Hello"),)))


async def test_without_models_nobody_speaks_and_the_reason_is_the_catalogues(tmp_path: Path):
    async with Models.open(tmp_path) as none:
        with pytest.raises(Unavailable, match="no model"):
            await none.speaker()
        with pytest.raises(Unavailable, match="no model"):
            await whole(none.generate(asked("Hello")))
        with pytest.raises(Unavailable):
            await none.embedder.embed(["text"])
        assert {m.state for m in await none.list()} == {"missing"}


async def test_a_model_that_arrives_while_the_daemon_runs_is_used(models_dir: Path, tmp_path: Path):
    async with Models.open(tmp_path) as opened:
        arrived = asyncio.ensure_future(opened.embedder_arrived())
        await asyncio.sleep(0)
        assert not arrived.done()
        (tmp_path / pins.BGE.model).symlink_to(models_dir / pins.BGE.model)
        await arrived
        assert (await opened.embedder.embed(["text"])).shape == (1, 384)
