"""One thread, many requests: who speaks, what they hear, and what a cancel frees."""

from __future__ import annotations

import asyncio

from tests.support.paper_engines import Paper, PaperSource, asked, text
from tests.support.scheduling import scheduled, until, whole


async def test_requests_at_once_are_generated_in_the_same_steps():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _), asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(whole(s.generate("m", asked(n)))) for n in (1, 2)]
        await until(lambda: len(source.models["m"].engines) == 1)
        await until(lambda: s.counts().running == 2 or len(source.models["m"].engine.inserted) == 2)
        source.models["m"].engine.let()
    assert [t.result()[0] for t in both] == [text(asked(1)), text(asked(2))]
    assert 2 in [step.width for step in source.models["m"].engine.steps]


async def test_the_last_piece_counts_tokens_and_names_the_model():
    async with scheduled(PaperSource(m=Paper())) as (s, _):
        await whole(s.generate("m", asked(1, 2, 3)))
        said, last = await whole(s.generate("m", asked(1, 2, 3, 9, say=5)))
    assert said == text(asked(1, 2, 3, 9, say=5))
    assert (last.finish, last.model) == ("length", "m")
    assert (last.prompt_tokens, last.cached_tokens, last.completion_tokens) == (4, 3, 5)


async def test_a_cancel_between_steps_frees_the_slot_and_the_others_go_on():
    source = PaperSource(m=Paper(held=True, slots=1))
    async with scheduled(source) as (s, _):
        leaves = s.generate("m", asked(1, say=1_000))
        begun = asyncio.ensure_future(anext(leaves))
        await until(lambda: bool(source.models["m"].engines))
        source.models["m"].engine.let(1)
        await begun
        stays = asyncio.create_task(whole(s.generate("m", asked(2))))
        await leaves.aclose()
        source.models["m"].engine.let()
        assert (await stays)[0] == text(asked(2))
        assert source.models["m"].engine.removed == [1]
        assert (s.counts().cancelled, s.counts().finished) == (1, 1)
