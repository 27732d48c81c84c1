"""Each request chooses by its own numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from common.model.llm import GenerationRequest
from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.engines.engine import Engine
from dragon_node.inference.engines.opening import open_engine
from dragon_node.inference.engines.sampling import cut, sampler
from dragon_node.inference.mlx_modules import module
from tests.support.spoken import alone, engine_of, opened, prompted, said, together
from tests.support.tiny_models import tiny_model

SHARES = (0.4, 0.3, 0.2, 0.06, 0.04)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return engine_of(tiny_model(tmp_path_factory.mktemp("sampling") / "tiny"))


def row(shares: tuple[float, ...] = SHARES) -> Any:
    """(1, tokens) log probabilities."""
    mx = module("mlx.core")
    return mx.log(mx.array([shares]))


def left(**asked: Any) -> list[int]:
    cuts = cut(row(), GenerationRequest(temperature=1.0, **asked))
    return [n for n, share in enumerate(cuts[0].tolist()) if share > -np.inf]


@pytest.mark.parametrize(
    ("asked", "tokens"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"top_k": 2}, [0, 1]),
        ({"top_k": 99}, [0, 1, 2, 3, 4]),
        ({"top_p": 0.35}, [0]),
        ({"top_p": 0.65}, [0, 1]),
        ({"top_p": 1.0}, [0, 1, 2, 3, 4]),
        ({"min_p": 0.14}, [0, 1, 2, 3]),
        ({"min_p": 1.0}, [0]),
        ({"top_p": 0.85, "top_k": 2, "min_p": 0.01}, [0, 1]),
    ],
)
def test_what_is_cut_cannot_be_chosen(asked: dict[str, Any], tokens: list[int]) -> None:
    assert left(**asked) == tokens


@pytest.mark.parametrize("asked", [{"top_k": 3}, {"top_p": 0.7}, {"min_p": 0.2}])
def test_cuts_are_those_of_mlx_lm(asked: dict[str, Any]) -> None:
    """The control: another's code for the same words."""
    samplers = module("mlx_lm.sample_utils")
    ((name, value),) = asked.items()
    logprobs = module("mlx.core").random.normal((4, 300))
    logprobs = logprobs - module("mlx.core").logsumexp(logprobs, axis=-1, keepdims=True)
    theirs = getattr(samplers, f"apply_{name}")(logprobs, value)
    ours = cut(logprobs, GenerationRequest(temperature=1.0, **asked))
    assert np.array_equal(np.array(ours), np.array(theirs))


def test_tokens_come_as_often_as_they_are_likely() -> None:
    choose = sampler(GenerationRequest(temperature=1.0, seed=3))
    assert choose is not None
    drawn = np.array(choose(module("mlx.core").broadcast_to(row(), (20_000, len(SHARES)))))
    often = np.bincount(drawn, minlength=len(SHARES)) / len(drawn)
    assert np.abs(often - np.array(SHARES)).max() < 0.02


def test_a_low_temperature_is_nearly_greedy_and_none_is() -> None:
    assert sampler(GenerationRequest(temperature=0.0, seed=3)) is None
    choose = sampler(GenerationRequest(temperature=0.01, seed=3))
    assert choose is not None
    assert {int(choose(row()).item()) for _ in range(50)} == {0}


def test_seeds_differ_and_repeat(engine: Engine) -> None:
    asked = [prompted([1, 2, 3], 24, temperature=1.0, seed=seed) for seed in (1, 2, 2**63, 1)]
    first, second, large, again = (said(alone(engine, a)) for a in asked)
    assert first == again
    assert len({tuple(first), tuple(second), tuple(large)}) == 3


def test_a_draw_does_not_move_the_next_requests_draws(engine: Engine) -> None:
    """mlx_lm's samplers share one random state, so that a seed means nothing among others."""
    asked = prompted([5, 6], 12, temperature=1.0, seed=9)
    first = said(alone(engine, asked))
    module("mlx.core").random.seed(1234)
    alone(engine, prompted([7], 5, temperature=1.0, seed=4))
    assert said(alone(engine, asked)) == first


def test_a_repetition_costs(engine: Engine) -> None:
    plain = said(alone(engine, prompted([1, 2, 3], 40)))
    penalised = said(alone(engine, prompted([1, 2, 3], 40, repetition_penalty=5.0)))
    assert len(set(penalised)) > len(set(plain))


def test_logprobs_are_of_the_whole_vocabulary_before_temperature(engine: Engine) -> None:
    asked: dict[str, Any] = {"logprobs": True, "top_logprobs": 3}
    greedy = alone(engine, prompted([4, 5], 8, **asked))
    assert all(m.top[0] == (m.token, m.logprob) for m in greedy)
    assert all(len(m.top) == 3 and m.top[0][1] >= m.top[1][1] >= m.top[2][1] for m in greedy)
    (hot,) = alone(engine, prompted([4, 5], 1, temperature=5.0, top_k=1, **asked))
    assert hot.logprob == pytest.approx(greedy[0].logprob)
    every = alone(engine, prompted([4, 5], 1, logprobs=True, top_logprobs=259))[0].top
    assert sum(np.exp(p) for _, p in every) == pytest.approx(1.0, abs=1e-4)


def test_logprobs_are_not_computed_for_who_did_not_ask(engine: Engine) -> None:
    assert all(m.logprob == 0 and m.top == () for m in alone(engine, prompted([4, 5], 4)))


@pytest.mark.parametrize("temperature", [5e-324, 1e-46, 1e-40, 1e-30, 9e-5])
def test_a_temperature_that_nothing_can_be_divided_by_is_greedy(
    engine: Engine, temperature: float
) -> None:
    greedy = said(alone(engine, prompted([4, 5], 8)))
    assert said(alone(engine, prompted([4, 5], 8, temperature=temperature, seed=5))) == greedy


def test_the_lowest_temperature_that_is_drawn_takes_the_likeliest_of_halves_too() -> None:
    """Its quotients are beyond what 16 bits hold."""
    mx = module("mlx.core")
    choose = sampler(GenerationRequest(temperature=1e-4, seed=3))
    assert choose is not None
    halves = mx.array([[-12.0, -8.0, -9.0, -8.1]]).astype(mx.float16)
    assert {int(choose(halves).item()) for _ in range(20)} == {1}


@pytest.mark.parametrize("asked", [{"top_p": 5e-324}, {"top_p": 1e-40}, {"min_p": 5e-324}])
def test_cuts_at_the_edge_leave_the_likeliest(asked: dict[str, Any]) -> None:
    assert left(**asked) == ([0] if "top_p" in asked else [0, 1, 2, 3, 4])


class Only:
    """Lets an answer say nothing but these."""

    def __init__(self, *tokens: int) -> None:
        self._tokens = tokens

    def processor(self, prompt_tokens: int) -> Any:
        mx = module("mlx.core")
        may = [any(n == t for t in self._tokens) for n in range(259)]
        return lambda tokens, logits: mx.where(mx.array(may), logits, -mx.inf)


CHANGED: list[dict[str, Any]] = [
    {"constraint": Only(250, 251)},
    {"repetition_penalty": 2.0},
    {"constraint": Only(250, 251), "repetition_penalty": 2.0, "temperature": 1.0},
]


@pytest.fixture(scope="module")
def engines(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Engine, Engine]]:
    """Each with a batched one of the same weights, which says what the model itself thinks."""
    here = tmp_path_factory.mktemp("own")
    large, small = tiny_model(here / "large", hidden=256), tiny_model(here / "small", seed=1)
    entry = Entry("large", "code", Directory(large), draft="small", draft_tokens=3)
    plain = engine_of(large)
    drafted = opened(open_engine(entry, large, Shape.read(large), draft=small))
    return {
        "batched": (engine, engine),
        "single": (engine_of(large, kv_bits=8), engine_of(large, kv_bits=8)),
        "drafted": (drafted, plain),
    }


@pytest.mark.parametrize("kind", ["batched", "single", "drafted"])
@pytest.mark.parametrize("changed", CHANGED, ids=["grammar", "penalty", "all"])
def test_logprobs_are_the_models_own_whatever_changes_its_choice(
    engines: dict[str, tuple[Engine, Engine]], kind: str, changed: dict[str, Any]
) -> None:
    """Token by token against the model asked plainly at the same place."""
    speaks, thinks = engines[kind]
    wanted: dict[str, Any] = {"logprobs": True, "top_logprobs": 4}
    made = alone(speaks, prompted([4, 5], 9, **wanted, **changed))
    tokens = said(made)
    assert len(tokens) > 2
    for place, one in enumerate(made[: len(tokens)]):
        (here,) = alone(
            thinks, prompted([4, 5, *tokens[:place]], 1, logprobs=True, top_logprobs=259)
        )
        own = dict(here.top)
        assert one.logprob == pytest.approx(own[tokens[place]], abs=1e-3)
        assert [p for _, p in one.top] == pytest.approx([p for _, p in here.top[:4]], abs=1e-3)
        assert all(np.isfinite(p) for _, p in one.top)


def test_in_a_batch_each_is_told_of_its_own(engine: Engine) -> None:
    """Some held to a grammar and some not, joining while others speak."""
    wanted: dict[str, Any] = {"logprobs": True, "top_logprobs": 4}
    asked = [
        prompted([n, 7], 5 + n, Only(240 + n, 250) if n % 2 else None, **wanted) for n in range(4)
    ]
    lone = [alone(engine, a) for a in asked]
    for one, other in zip(lone, together(engine, asked), strict=True):
        assert [m.token for m in one] == [m.token for m in other]
        for a, b in zip(one, other, strict=True):
            assert a.logprob == pytest.approx(b.logprob, abs=1e-3)
            assert [p for _, p in a.top] == pytest.approx([p for _, p in b.top], abs=1e-3)
