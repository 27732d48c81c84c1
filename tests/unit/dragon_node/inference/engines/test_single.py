"""One request at a time, with a draft model or a quantised cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.errors import Unavailable
from dragon_node.inference.catalog.entries import Directory, Entry
from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.engines.engine import Engine
from dragon_node.inference.engines.opening import open_engine
from dragon_node.inference.engines.single import SingleEngine
from dragon_node.inference.mlx_modules import module
from dragon_node.inference.reading.prompted import Prompted
from tests.support.spoken import alone, engine_of, opened, prompted, said
from tests.support.tiny_models import tiny_model


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Heads of 64 numbers: what mlx quantises in groups of."""
    return tiny_model(tmp_path / "large", hidden=256)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "small", seed=1, layers=1)


def distinct(count: int, **asked: Any) -> list[Prompted]:
    rng = np.random.default_rng(3)
    return [
        prompted(rng.integers(0, 256, rng.integers(1, 300)).tolist(), **asked) for _ in range(count)
    ]


def drafted(model: Path, draft: Path) -> Engine:
    entry = Entry("large", "code", Directory(model), draft="small", draft_tokens=3)
    return opened(open_engine(entry, model, Shape.read(model), draft=draft))


@pytest.mark.parametrize("itself", [False, True], ids=["a worse draft", "itself as draft"])
def test_what_was_drafted_changes_no_token(large: Path, small: Path, itself: bool) -> None:
    asked = distinct(4)
    plain = engine_of(large)
    engine = drafted(large, large if itself else small)
    assert isinstance(engine, SingleEngine)
    assert [said(alone(engine, a)) for a in asked] == [said(alone(plain, a)) for a in asked]


def test_a_drafted_answer_ends_at_its_length(large: Path) -> None:
    """Several tokens are taken at once, and the last of them may be one too many."""
    engine = drafted(large, large)
    for most in range(1, 10):
        made = alone(engine, prompted([1, 2, 3], max_tokens=most))
        assert len(made) == most or made[-1].finish == "stop"


def test_a_prompt_that_comes_again_is_not_read_again(large: Path, small: Path) -> None:
    (asked,) = distinct(1)
    for engine in (drafted(large, small), engine_of(large, kv_bits=8)):
        first = said(alone(engine, asked))
        inserted = engine.insert(asked)
        assert inserted.cached_tokens >= len(asked.tokens) - 2
        engine.remove(inserted.slot)
        assert said(alone(engine, asked)) == first


def test_a_cancelled_answer_leaves_the_next_one_as_it_was(large: Path, small: Path) -> None:
    """Guesses that nobody took are taken back, and are no part of the cache that is kept."""
    asked = distinct(3, max_tokens=12)
    for engine in (drafted(large, small), engine_of(large, kv_bits=8)):
        expected = [said(alone(engine, a)) for a in asked]
        engine.trim(0)
        for steps in (1, 2, 5):
            for a, whole in zip(asked, expected, strict=True):
                slot = engine.insert(a).slot
                for _ in range(steps):
                    engine.step(64)
                engine.remove(slot)
                assert said(alone(engine, a)) == whole


def test_a_quantised_cache_takes_what_its_shape_says_and_less_than_half(large: Path) -> None:
    tokens = list(range(200)) * 5
    plain, quantised = Shape.read(large), Shape.read(large, kv_bits=4)
    assert quantised.kv_bytes([1_000]) < plain.kv_bytes([1_000]) / 2
    engine = engine_of(large, kv_bits=4)
    alone(engine, prompted(tokens, max_tokens=4))
    assert 0 < engine.cache_bytes <= engine.kv_bytes([len(tokens) + 4])


def test_a_draft_models_weights_and_caches_are_counted(large: Path, small: Path) -> None:
    engine, plain, beside = drafted(large, small), Shape.read(large), Shape.read(small)
    assert engine.weight_bytes == plain.weight_bytes + beside.weight_bytes
    assert engine.kv_bytes([500]) == plain.kv_bytes([500]) + beside.kv_bytes([500])
    alone(engine, prompted(list(range(250)) * 2, max_tokens=4))
    assert plain.kv_bytes_per_token * 500 < engine.cache_bytes <= engine.kv_bytes([504])


def test_a_head_that_cannot_be_quantised_is_said_before_anyone_asks(small: Path) -> None:
    with pytest.raises(Unavailable, match="4 bits") as refused:
        engine_of(small, kv_bits=4)
    assert "kv_bits" in refused.value.hint


def test_a_draft_that_writes_with_other_tokens_is_refused(large: Path, small: Path) -> None:
    other = small / "tokenizer.json"
    other.write_text(other.read_text().replace('"a":', '"zz":', 1))
    with pytest.raises(Unavailable, match="another word"):
        drafted(large, small)


def test_a_processor_sees_the_whole_prompt(large: Path, small: Path) -> None:
    seen: list[list[int]] = []

    class Watching:
        def processor(self, prompt_tokens: int) -> Any:
            assert prompt_tokens == 5

            def look(tokens: Any, logits: Any) -> Any:
                seen.append(tokens.tolist())
                return logits

            return look

    for engine in (drafted(large, small), engine_of(large, kv_bits=8), engine_of(large)):
        seen.clear()
        made = said(alone(engine, prompted([9, 8, 7, 6, 5], 3, constraint=Watching())))
        assert seen[:3] == [[9, 8, 7, 6, 5, *made[:n]] for n in range(3)]


def test_nothing_of_it_stays_in_memory(large: Path, small: Path) -> None:
    mx = module("mlx.core")
    before = mx.get_active_memory()
    for _ in range(2):
        engine = drafted(large, small)
        alone(engine, prompted([1, 2, 3]))
        engine.close()
        del engine
        assert mx.get_active_memory() == before
