"""A request says the same whoever is beside it: what upstream servers failed at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dragon_node.inference.engines.engine import Engine, Made
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.reading.prompted import Prompted
from tests.support.spoken import TIE, agrees, alone, engine_of, prompted, said, together
from tests.support.tiny_models import tiny_model

SEEDS = max(2, int(os.environ.get("POSTDEVAI_OPERATIONS", "0")) // 100)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Sixteen slots; a test begins with nothing kept."""
    return engine_of(tiny_model(tmp_path_factory.mktemp("engine") / "tiny"), slots=16)


@pytest.fixture(autouse=True)
def _forgotten(engine: Engine) -> None:
    engine.trim(0)


def distinct(count: int, seed: int = 0, **asked: Any) -> list[Prompted]:
    """Prompts of 1 to 400 random bytes."""
    rng = np.random.default_rng(seed)
    asked = {"logprobs": True, "top_logprobs": 2, **asked}
    return [
        prompted(rng.integers(0, 256, rng.integers(1, 400)).tolist(), **asked) for _ in range(count)
    ]


def each_alone(engine: Engine, asked: Sequence[Prompted]) -> list[list[Made]]:
    """Nothing of one is kept for the next."""
    found: list[list[Made]] = []
    for one in asked:
        found.append(alone(engine, one))
        engine.trim(0)
    return found


@pytest.fixture(scope="module")
def sixteen(engine: Engine) -> list[tuple[Prompted, list[Made]]]:
    """Sixteen requests and what each says alone."""
    asked = distinct(16, max_tokens=12)
    return list(zip(asked, each_alone(engine, asked), strict=True))


@pytest.mark.parametrize("width", range(1, 17))
def test_prompts_that_begin_together_say_what_each_says_alone(
    engine: Engine, sixteen: list[tuple[Prompted, list[Made]]], width: int
) -> None:
    several = sixteen[-width:]
    found = together(engine, [asked for asked, _ in several])
    assert all(agrees(engine, *one, made) for one, made in zip(several, found, strict=True))


def test_one_token_alone_is_what_mlx_lm_says(tmp_path: Path) -> None:
    """The control: alone here is mlx_lm's own loop, token for token."""
    directory = tiny_model(tmp_path / "tiny", kind="qwen3")
    engine = engine_of(directory)
    model, _ = module("mlx_lm.utils").load_model(directory)
    for asked in distinct(3):
        prompt = module("mlx.core").array(list(asked.tokens))
        steps = module("mlx_lm.generate").generate_step(prompt, model, max_tokens=16)
        expected = [token for token, _ in steps]
        assert said(alone(engine, asked)) == expected[: len(said(alone(engine, asked)))]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_joins_leaves_cancels_and_cache_hits_change_no_token(engine: Engine, seed: int) -> None:
    first = distinct(8, seed, max_tokens=12)
    lone = each_alone(engine, first)
    on = [  # the next turn of each: what was asked, what was said, and more
        replace(a, tokens=(*a.tokens, *said(m), *range(n)))
        for n, (a, m) in enumerate(zip(first, lone, strict=True))
    ]
    asked = [*first, *on, *first]
    expected = [*lone, *each_alone(engine, on), *lone]
    run = _Run(engine, np.random.default_rng(seed))
    found = run.through(asked)
    assert all(agrees(engine, asked[n], expected[n], made) for n, made in found.items())
    assert len(found) + run.cancelled == len(asked)
    assert run.cancelled > 0 and run.cached > 0 and run.width > 4, "the run was too tame"


class _Run:
    """Requests come when they like, some leave early, steps read as much as they like."""

    def __init__(self, engine: Engine, rng: np.random.Generator) -> None:
        self.engine = engine
        self.rng = rng
        self.cancelled = self.cached = self.width = 0

    def through(self, asked: Sequence[Prompted]) -> dict[int, list[Made]]:
        """What was made for each that was not cancelled, by its place."""
        waiting = list(enumerate(asked))
        live: dict[int, int] = {}
        found: dict[int, list[Made]] = {}
        while waiting or live:
            while waiting and len(live) < self.engine.slots and self.rng.random() < 0.4:
                place, one = waiting.pop(0)
                inserted = self.engine.insert(one)
                self.cached += inserted.cached_tokens
                live[inserted.slot] = place
            stepped = self.engine.step(int(self.rng.choice([7, 64, 300])))
            self.width = max(self.width, stepped.width)
            for made in stepped.made:
                found.setdefault(live[made.slot], []).append(made)
                if made.finish:
                    del live[made.slot]
            if live and self.rng.random() < 0.08:
                slot = int(self.rng.choice(list(live)))
                self.engine.remove(slot)
                found.pop(live.pop(slot), None)
                self.cancelled += 1
        return found


def test_nobody_is_given_what_another_said(engine: Engine) -> None:
    """mlx-lm 965: one request's text came to another under batching. Everyone may say one token
    only, its own, while neighbours come and go."""

    class Only:
        def __init__(self, token: int) -> None:
            self.token = token

        def processor(self, prompt_tokens: int) -> Any:
            mx = module("mlx.core")

            def only(tokens: Any, logits: Any) -> Any:
                chosen = mx.arange(logits.shape[-1]) == self.token
                return mx.where(chosen, logits, -mx.inf)

            return only

    asked = [
        replace(a, constraint=Only(n), request=replace(a.request, max_tokens=2 + n % 7))
        for n, a in enumerate(distinct(20))
    ]
    run = _Run(engine, np.random.default_rng(1))
    for place, made in run.through(asked).items():
        assert said(made) == [place] * (2 + place % 7)


def test_a_constraint_changes_only_its_own_request(engine: Engine) -> None:
    class Never:
        def processor(self, prompt_tokens: int) -> Any:
            mx = module("mlx.core")
            return lambda tokens, logits: mx.where(mx.arange(logits.shape[-1]) < 128, -1e9, logits)

    asked = distinct(6)
    mixed = [replace(a, constraint=Never()) if n % 2 else a for n, a in enumerate(asked)]
    lone = each_alone(engine, mixed)
    found = together(engine, mixed)
    assert all(agrees(engine, *each) for each in zip(mixed, lone, found, strict=True))
    assert all(min(said(m), default=128) >= 128 for m in found[1::2])


def test_the_same_seed_says_the_same_whoever_is_beside_it(engine: Engine) -> None:
    asked = [
        replace(a, request=replace(a.request, temperature=1.0, seed=7 + n))
        for n, a in enumerate(distinct(5))
    ]
    lone = each_alone(engine, asked)
    assert [said(m) for m in together(engine, asked)] == [said(m) for m in lone]


def test_a_prompt_is_read_in_pieces_that_others_can_bear(engine: Engine) -> None:
    """One speaks, one begins: a step never reads more than it may, and each step gives a token."""
    speaks = engine.insert(prompted([1, 2, 3], max_tokens=60)).slot
    while not engine.step(64).made:
        pass
    begins = engine.insert(prompted(list(range(200)) * 4, max_tokens=1)).slot
    read = 0
    while read < 799:
        stepped = engine.step(64)
        assert 0 < stepped.prompt_tokens <= 64
        assert [m.slot for m in stepped.made] == [speaks]
        read += stepped.prompt_tokens
    assert begins in [m.slot for m in engine.step(64).made]
    engine.remove(speaks)


def test_rounding_in_this_model_is_far_below_a_tie(
    engine: Engine, sixteen: list[tuple[Prompted, list[Made]]]
) -> None:
    """What TIE is measured against: the likelihoods of the same tokens, alone and sixteen wide."""
    found = together(engine, [asked for asked, _ in sixteen])
    lone = [made for _, made in sixteen]
    pairs = [(a, b) for x, y in zip(lone, found, strict=True) for a, b in zip(x, y, strict=True)]
    assert max(abs(a.logprob - b.logprob) for a, b in pairs if a.token == b.token) < TIE / 10


def test_a_tie_excuses_one_token_and_not_what_follows_it(engine: Engine) -> None:
    (asked,) = distinct(1, max_tokens=12)
    lone = alone(engine, asked)
    (best, likely), (second, _) = lone[3].top
    lone[3] = replace(lone[3], top=((best, likely), (second, likely - TIE / 2)))
    other = replace(lone[3], token=second)
    before = [m.token or 0 for m in lone[:3]]
    after = prompted([*asked.tokens, *before, second], 8, logprobs=True, top_logprobs=2)
    rest = alone(engine, after)
    assert agrees(engine, asked, lone, [*lone[:3], other, *rest])
    assert not agrees(engine, asked, lone, [*lone[:3], other, *lone[4:]])
    assert not agrees(engine, asked, lone, [*lone[:3], other, *rest[:-1]])
    assert not agrees(engine, asked, lone, [*lone[:3], other, *rest[:-1], other])
    untied = [replace(m, top=((best, 0.0), (second, -1.0))) for m in lone]
    assert not agrees(engine, asked, untied, [*lone[:3], other, *rest])


@pytest.mark.timeout(600)  # minutes of arithmetic where the cores are busy
def test_a_real_model_says_the_same_eight_wide_with_a_join_and_a_leave(models_dir: Path) -> None:
    """Matrices of a real size go other ways through BLAS than tiny ones. The ninth comes when the
    first leaves in the middle of its answer, while seven speak."""
    engine = engine_of(models_dir / "smollm2-135m-instruct", slots=8)
    words = np.random.default_rng(0).integers(17, 40_000, (9, 24)).tolist()  # none is a mark
    asked = [prompted(w, max_tokens=16, logprobs=True, top_logprobs=2) for w in words]
    lone = each_alone(engine, asked[1:])
    for begins in ("read anew", "from the cache"):
        slots = [engine.insert(a) for a in asked[:8]]
        assert all(s.cached_tokens > 0 for s in slots[1:]) == (begins == "from the cache")
        found: dict[int, list[Made]] = {s.slot: [] for s in slots}
        widths: list[int] = []
        while any(not made or not made[-1].finish for made in found.values()):
            stepped = engine.step(512)
            widths.append(stepped.width)
            for one in stepped.made:
                found[one.slot].append(one)
            first = slots[0].slot
            if len(found.get(first, ())) == 5:
                engine.remove(first)
                assert not found.pop(first)[-1].finish
                found[engine.insert(asked[8]).slot] = []
        assert widths.count(8) > 12, "eight wide until one leaves, and with the one that joins"
        assert all(len(made) == 16 for made in found.values())
        assert all(agrees(engine, *e) for e in zip(asked[1:], lone, found.values(), strict=True))
    engine.close()
