"""What engines hold is what they say, and nothing of it stays."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import psutil

from dragon_node.inference.catalog.shape import Shape
from dragon_node.inference.engines.continuous import BatchedEngine
from dragon_node.inference.engines.loaded import Loaded, stop_tokens
from dragon_node.inference.mlx_modules import module
from tests.support.spoken import alone, engine_of, prompted, together
from tests.support.tiny_models import tiny_model

SLACK_BYTES = 256 << 10
"""Logits and tokens of the last step."""


def active() -> int:
    return int(module("mlx.core").get_active_memory())


def test_caches_never_take_more_than_was_said(tmp_path: Path) -> None:
    """Joins, leaves, long beside short, prompts from the cache: after each step."""
    engine = engine_of(tiny_model(tmp_path / "tiny", hidden=64, layers=4), slots=8)
    rng = np.random.default_rng(0)
    shared = rng.integers(0, 256, 500).tolist()
    empty = active()
    live: dict[int, int] = {}
    for _ in range(50):
        while len(live) < 8 and rng.random() < 0.4:
            own = rng.integers(0, 256, rng.integers(1, 700)).tolist()
            asked = prompted(shared[: rng.integers(0, 500)] + own, int(rng.integers(1, 40)))
            live[engine.insert(asked).slot] = len(asked.tokens) + asked.request.max_tokens
        for made in engine.step(int(rng.integers(64, 512))).made:
            if made.finish:
                del live[made.slot]
        if live and rng.random() < 0.1:
            engine.remove(slot := int(rng.choice(list(live))))
            del live[slot]
        most = engine.kv_bytes(list(live.values())) + engine.cache_bytes + SLACK_BYTES
        assert active() - empty <= most


def test_what_a_long_neighbour_took_is_free_as_soon_as_it_leaves(tmp_path: Path) -> None:
    """Each row of a batch is as long as its longest; mlx_lm leaves it so until the next step."""
    engine = engine_of(tiny_model(tmp_path / "tiny", hidden=64, layers=4), slots=8)
    empty = active()
    short = [engine.insert(prompted([n, 1, 2], 40)).slot for n in range(7)]
    for leaves in (True, False):
        long = engine.insert(prompted(list(range(250)) * 6, 60 if leaves else 3)).slot
        while engine.step(512).width < 8:
            pass
        if leaves:
            engine.remove(long)
        else:
            while not any(m.slot == long and m.finish for m in engine.step(512).made):
                pass
        most = engine.kv_bytes([43] * len(short)) + engine.cache_bytes + SLACK_BYTES
        assert active() - empty <= most


def test_what_is_kept_for_prompts_has_an_end(tmp_path: Path) -> None:
    """mlx-lm 883: caches of prompts grew until the machine had no memory."""
    directory = tiny_model(tmp_path / "tiny")
    model, _ = module("mlx_lm.utils").load_model(directory)
    loaded = Loaded(model, 0, stop_tokens(directory))
    engine = BatchedEngine(loaded, Shape.read(directory), slots=4, kept_bytes_max=100_000)
    empty = active()
    for n in range(40):
        alone(engine, prompted([n, *range(100)], max_tokens=4))
        assert engine.cache_bytes <= 100_000
        assert active() - empty <= engine.cache_bytes + SLACK_BYTES
    assert engine.cache_bytes > 0


def test_a_model_that_goes_gives_everything_back(tmp_path: Path) -> None:
    """mlx-lm 1757: a swap left the old model's buffers in the pool."""
    mx = module("mlx.core")
    directory = tiny_model(tmp_path / "tiny", hidden=256)
    gc.collect()  # what a test before this one left
    before = active()
    for _ in range(3):
        engine = engine_of(directory)
        together(engine, [prompted([n, 2, 3], max_tokens=4) for n in range(4)])
        engine.insert(prompted([1, 2, 3]))
        engine.step(512)  # in the middle of an answer
        engine.close()
        del engine
        gc.collect()  # mlx.nn's modules and what they were compiled from know each other
        assert active() == before
        mx.clear_cache()
        assert mx.get_cache_memory() == 0


def test_five_hundred_answers_later_memory_is_as_it_was(tmp_path: Path) -> None:
    engine = engine_of(tiny_model(tmp_path / "tiny", layers=1), slots=16)
    rng = np.random.default_rng(0)

    def hundred() -> None:
        for _ in range(100 // 20):
            asked = [
                prompted(rng.integers(0, 256, 20).tolist(), 4, temperature=n % 2, seed=n + 1)
                for n in range(16)
            ]
            together(engine, asked)
            for one in asked[:4]:
                engine.remove(engine.insert(one).slot)

    hundred()
    engine.trim(0)
    bytes_before, process = active(), psutil.Process()
    resident_before = process.memory_info().rss
    for _ in range(4):
        hundred()
    engine.trim(0)
    assert active() - bytes_before <= SLACK_BYTES
    assert process.memory_info().rss - resident_before < 32 << 20
