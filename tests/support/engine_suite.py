"""What the scheduler relies on, of every engine: one suite for models of paper and real ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import pytest

from common.model.llm import GenerationRequest
from dragon_node.inference.engines.engine import Engine, Made
from dragon_node.inference.reading.prompted import Prompted

STEPS_MAX = 2_000
"""An engine that needs more for these prompts does not come to an end."""


class EngineSuite(ABC):
    """Subclass it as `Test...` with an `engine` of two slots or more, or of one with `slots = 1`;
    tokens below 250 must mean something to it, and none of them ends an answer."""

    remembers = True
    """It keeps caches of prompts."""

    @abstractmethod
    @pytest.fixture
    def engine(self) -> Engine:
        """A fresh one, with nothing in its caches."""

    def test_an_answer_ends_at_its_last_token_and_not_before(self, engine: Engine):
        made = run(engine, prompt(5, say=7))[0]
        assert all(m.finish == "" for m in made[:-1])
        assert made[-1].finish in ("stop", "length")
        assert made[-1].finish == "stop" or len(made) == 7

    def test_one_token_is_a_whole_answer(self, engine: Engine):
        assert len(run(engine, prompt(5, say=1))[0]) == 1

    def test_a_prompt_of_one_token_is_answered(self, engine: Engine):
        assert run(engine, prompt(1))[0]

    def test_slots_are_never_used_twice(self, engine: Engine):
        slots: list[int] = []
        for _ in range(3):
            slots.append(engine.insert(prompt(4)).slot)
            while not any(m.finish for m in engine.step(512).made):
                pass
        assert len(set(slots)) == 3

    def test_whoever_is_beside_it_changes_nothing(self, engine: Engine):
        prompts = [prompt(n, first=n) for n in (3, 40, 17)][: engine.slots]
        alone = [tokens(run(engine, p)[0]) for p in prompts]
        assert [tokens(made) for made in run(engine, *prompts)] == alone

    def test_a_request_that_joins_and_one_that_leaves_change_nothing(self, engine: Engine):
        if engine.slots < 2:
            pytest.skip("one at a time")
        alone = tokens(run(engine, prompt(20, first=2))[0])
        leaves = engine.insert(prompt(30, first=1, say=200)).slot
        engine.step(512)
        stays = engine.insert(prompt(20, first=2)).slot
        engine.step(512)
        engine.remove(leaves)
        made = rest_of(engine, stays)
        assert tokens(made) == alone[len(alone) - len(tokens(made)) :]

    def test_who_was_removed_is_not_heard_of_again(self, engine: Engine):
        slot = engine.insert(prompt(5, say=50)).slot
        engine.step(512)
        engine.remove(slot)
        assert engine.step(512).made == ()
        engine.remove(slot)  # nothing happens when it has ended

    def test_a_removal_while_the_prompt_is_read_frees_the_slot(self, engine: Engine):
        for _ in range(engine.slots + 1):
            slot = engine.insert(prompt(200)).slot
            assert engine.step(16).made == ()
            engine.remove(slot)
        assert run(engine, prompt(5))[0]

    def test_a_step_reads_no_more_of_prompts_than_it_may(self, engine: Engine):
        engine.insert(prompt(200))
        read: list[int] = []
        while True:
            stepped = engine.step(32)
            read.append(stepped.prompt_tokens)
            if stepped.made:
                break
            assert read[-1] > 0, "a step in which nothing goes on"
        assert max(read) <= 32
        assert 199 <= sum(read) <= 200

    def test_those_who_speak_go_on_while_a_prompt_is_read(self, engine: Engine):
        if engine.slots < 2:
            pytest.skip("one at a time")
        speaks = engine.insert(prompt(5, first=1, say=64)).slot
        engine.step(512)
        engine.insert(prompt(200, first=2))
        for _ in range(3):
            assert speaks in [m.slot for m in engine.step(32).made]

    def test_a_step_says_how_many_got_a_token(self, engine: Engine):
        engine.insert(prompt(5, say=9))
        while True:
            stepped = engine.step(512)
            assert stepped.width == len(stepped.made)
            if any(m.finish for m in stepped.made):
                break

    def test_a_step_with_nobody_there_does_nothing(self, engine: Engine):
        assert engine.step(512).made == ()

    def test_a_prompt_that_comes_again_is_not_read_again(self, engine: Engine):
        if not self.remembers:
            pytest.skip("it keeps no caches")
        first = tokens(run(engine, prompt(100))[0])
        assert engine.cache_bytes > 0
        inserted = engine.insert(prompt(100))
        assert 0 < inserted.cached_tokens < 100
        assert tokens(rest_of(engine, inserted.slot)) == first

    def test_trimmed_to_nothing_it_remembers_nothing(self, engine: Engine):
        run(engine, prompt(100))
        engine.trim(0)
        assert engine.cache_bytes == 0
        assert engine.insert(prompt(100)).cached_tokens == 0

    def test_a_trim_is_for_once_and_takes_no_more_than_it_must(self, engine: Engine):
        run(engine, prompt(50, first=1))
        engine.trim(engine.cache_bytes)
        before = engine.cache_bytes
        run(engine, prompt(50, first=9))
        assert engine.cache_bytes >= before

    def test_caches_need_more_the_more_there_are_and_the_longer_they_are(self, engine: Engine):
        assert engine.kv_bytes([]) == 0
        assert 0 < engine.kv_bytes([10]) <= engine.kv_bytes([2_000])
        assert engine.kv_bytes([10, 10]) > engine.kv_bytes([10])
        assert engine.kv_bytes([10, 2_000]) >= engine.kv_bytes([2_000]) + engine.kv_bytes([10])

    def test_logprobs_come_when_they_are_wanted(self, engine: Engine):
        made = run(engine, prompt(5, logprobs=True, top_logprobs=1))[0]
        assert all(m.logprob < 0 and m.top for m in made if m.token is not None)

    def test_it_rests_and_goes_on(self, engine: Engine):
        first = tokens(run(engine, prompt(9))[0])
        engine.rest()
        assert tokens(run(engine, prompt(9))[0]) == first


def prompt(length: int, *, first: int = 1, say: int = 6, **request: object) -> Prompted:
    """So many tokens; prompts with another `first` have no beginning in common."""
    filled: dict[str, object] = {"top_p": 1.0, "repetition_penalty": 1.0, "seed": 1} | request
    asked = GenerationRequest(max_tokens=say, **filled)  # pyright: ignore[reportArgumentType]
    return Prompted(asked, (first, *((first * 7 + n * 3) % 200 for n in range(1, length))))


def run(engine: Engine, *prompts: Prompted) -> list[list[Made]]:
    """What each is answered when they begin together."""
    made: dict[int, list[Made]] = {engine.insert(p).slot: [] for p in prompts}
    for _ in range(STEPS_MAX):
        for one in engine.step(512).made:
            made[one.slot].append(one)
        if all(m and m[-1].finish for m in made.values()):
            return list(made.values())
    raise AssertionError("it does not come to an end")


def rest_of(engine: Engine, slot: int) -> list[Made]:
    """What one of them is answered from here on; the others are left alone."""
    made: list[Made] = []
    for _ in range(STEPS_MAX):
        made += [one for one in engine.step(512).made if one.slot == slot]
        if made and made[-1].finish:
            return made
    raise AssertionError("it does not come to an end")


def tokens(made: Sequence[Made]) -> list[int | None]:
    """With None for one that ends an answer and says nothing."""
    return [m.token for m in made]
