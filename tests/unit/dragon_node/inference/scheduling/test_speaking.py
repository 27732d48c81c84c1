"""One thread, many requests: who speaks, what they hear, and what a cancel frees."""

from __future__ import annotations

import asyncio

from common.model.llm import TokenAlternative, TokenLogprob
from tests.support.paper_engines import Paper, PaperSource, asked, text, words
from tests.support.scheduling import happened, loaded, scheduled, until, whole


async def test_requests_at_once_are_generated_in_the_same_steps():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        first = asyncio.create_task(whole(s.generate("m", asked(1))))
        await happened(engine.stepping)
        second = asyncio.create_task(whole(s.generate("m", asked(2))))
        await until(lambda: s.requests == 2)
        engine.let()
        assert [(await first)[0], (await second)[0]] == [text(asked(1)), text(asked(2))]
    assert 2 in [step.width for step in engine.steps]


async def test_the_last_piece_counts_tokens_and_names_the_model():
    async with scheduled(PaperSource(m=Paper())) as (s, _):
        await whole(s.generate("m", asked(1, 2, 3)))
        said, last = await whole(s.generate("m", asked(1, 2, 3, 9, say=5)))
    assert said == text(asked(1, 2, 3, 9, say=5))
    assert (last.finish, last.model) == ("length", "m")
    assert (last.prompt_tokens, last.cached_tokens, last.completion_tokens) == (4, 3, 5)


async def test_an_answer_that_ends_by_itself_says_so_and_counts_the_token_that_ends_it():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        engine.ends[7] = 2
        engine.let()
        said, last = await whole(s.generate("m", asked(7, say=9)))
    assert said == "".join(f"{w} " for w in words(asked(7, say=9))[:2])
    assert (last.finish, last.completion_tokens) == ("stop", 3)


async def test_a_stop_string_ends_the_answer_before_it_and_frees_the_slot():
    wanted = asked(3, say=500)
    stopping = asked(3, say=500, stop=(str(words(wanted)[4]),))
    source = PaperSource(m=Paper(slots=1))
    async with scheduled(source) as (s, _):
        said, last = await whole(s.generate("m", stopping))
        assert (await whole(s.generate("m", asked(4))))[0] == text(asked(4))
    assert said == "".join(f"{w} " for w in words(wanted)[:4])
    assert last.finish == "stop"
    assert source.models["m"].engine.removed == [1]


async def test_logprobs_come_with_their_tokens_when_they_are_wanted():
    async with scheduled(PaperSource(m=Paper())) as (s, _):
        pieces = [p async for p in s.generate("m", asked(3, logprobs=True, top_logprobs=1))]
        without = [p async for p in s.generate("m", asked(3))]
    heard = [logprob for p in pieces for logprob in p.logprobs]
    word = str(words(asked(3))[0])
    assert heard[0] == TokenLogprob(word, -0.5, (TokenAlternative(word, -0.5),))
    assert len(heard) == 3
    assert not any(p.logprobs for p in without)


async def test_a_cancel_between_steps_frees_the_slot_and_the_others_go_on():
    source = PaperSource(m=Paper(held=True, slots=1))
    async with scheduled(source) as (s, governor):
        engine = await loaded(source, s)
        leaves = s.generate("m", asked(1, say=1_000))
        engine.let(1)
        await anext(leaves)
        stays = asyncio.create_task(whole(s.generate("m", asked(2))))
        await leaves.aclose()
        engine.let()
        assert (await stays)[0] == text(asked(2))
        assert engine.removed == [1]
        assert (s.counts().cancelled, s.counts().finished) == (1, 1)
        assert sum(r.kv_bytes for r in governor.ledger.residents) == 0


async def test_only_the_owner_thread_touches_an_engine():
    source = PaperSource(m=Paper())
    async with scheduled(source) as (s, _):
        await asyncio.gather(*(whole(s.generate("m", asked(n))) for n in range(1, 4)))
    assert source.models["m"].engine.threads == {"mlx"}
    assert source.models["m"].engine.closed


async def test_a_slow_reader_gets_everything_joined_and_delays_nobody():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        slow = s.generate("m", asked(1, say=50, logprobs=True))
        engine.let(1)
        first = await anext(slow)
        engine.let()
        assert (await whole(s.generate("m", asked(2))))[0] == text(asked(2))
        await until(lambda: s.counts().finished == 2)
        rest = [piece async for piece in slow]
    assert len(rest) == 1
    assert first.text + rest[0].text == text(asked(1, say=50))
    assert len(first.logprobs + rest[0].logprobs) == 50


async def test_a_prompt_is_read_in_small_pieces_only_while_somebody_speaks():
    source = PaperSource(m=Paper(held=True))
    async with scheduled(source) as (s, _):
        engine = await loaded(source, s)
        engine.let(1)
        speaks = s.generate("m", asked(1, say=1_000))
        await anext(speaks)
        long = asyncio.create_task(whole(s.generate("m", asked(*range(2, 4_000)))))
        await until(lambda: s.requests == 2)
        engine.let()
        await long
        await speaks.aclose()
        alone = engine.budgets[0]
        beside = [
            b for b, step in zip(engine.budgets, engine.steps, strict=True) if step.prompt_tokens
        ]
    assert alone >= 512
    assert min(beside) >= 64
    assert all(len(step.made) >= 1 for step in engine.steps), "who speaks goes on in every step"


async def test_a_request_that_nobody_reads_is_never_begun():
    source = PaperSource(m=Paper())
    async with scheduled(source) as (s, _):
        pieces = s.generate("m", asked(1))
        await pieces.aclose()
        assert s.requests == 0
    assert source.models["m"].openings == 0


async def test_what_one_step_made_after_a_stop_string_is_not_heard():
    wanted = asked(3, say=500)
    stopping = asked(3, say=500, stop=(str(words(wanted)[4]),))
    source = PaperSource(m=Paper())
    async with scheduled(source) as (s, _):
        (await loaded(source, s)).rounds = 4
        said, last = await whole(s.generate("m", stopping))
        assert (await whole(s.generate("m", wanted)))[0] == text(wanted)
        assert s.counts().finished == 2
    assert said == "".join(f"{w} " for w in words(wanted)[:4])
    assert (last.finish, last.completion_tokens) == ("stop", 5)
