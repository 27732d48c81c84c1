"""A request says the same whoever is beside it: what upstream servers failed at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dragon_node.inference.reading.prompted import Prompted
from tests.support.spoken import alone, engine_of, prompted, said, together
from tests.support.tiny_models import tiny_model


def distinct(count: int, seed: int = 0) -> list[Prompted]:
    """Prompts of 1 to 400 random bytes."""
    rng = np.random.default_rng(seed)
    return [
        prompted(rng.integers(0, 256, rng.integers(1, 400)).tolist(), max_tokens=24)
        for _ in range(count)
    ]


@pytest.mark.parametrize("width", [1, 2, 3, 8, 16])
def test_prompts_that_begin_together_say_what_each_says_alone(tmp_path: Path, width: int) -> None:
    engine = engine_of(tiny_model(tmp_path / "tiny"), slots=16)
    asked = distinct(width)
    expected = [said(alone(engine, a)) for a in asked]
    engine.trim(0)
    assert [said(m) for m in together(engine, asked)] == expected
