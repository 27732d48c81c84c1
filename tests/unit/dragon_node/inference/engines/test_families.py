"""Models with windows and states say the same alone, together and from a kept cache."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from dragon_node.inference.engines.continuous import BatchedEngine
from dragon_node.inference.engines.engine import Made
from tests.support.cache_kinds import FAMILIES, loaded_family
from tests.support.spoken import agrees, alone, prompted


class NoLimit:
    """These models have no files to be measured."""

    def kv_bytes(self, tokens: Sequence[int]) -> int:
        return 0


@pytest.mark.parametrize("family", FAMILIES)
def test_its_caches_keep_apart_and_come_back(family: str) -> None:
    """Prompts longer and shorter than the window, joining one by one while others speak."""
    engine = BatchedEngine(loaded_family(family), NoLimit(), slots=4)
    rng = np.random.default_rng(0)
    asked = [
        prompted(rng.integers(0, 256, n).tolist(), 34, logprobs=True, top_logprobs=2)
        for n in (1, 31, 90, 150)
    ]
    lone: list[list[Made]] = []
    for one in asked:
        lone.append(alone(engine, one))
        engine.trim(0)
    places: dict[int, int] = {}
    found: list[list[Made]] = [[] for _ in asked]
    for place, one in enumerate(asked):
        places[engine.insert(one).slot] = place
        for _ in range(3):
            for made in engine.step(64).made:
                found[places[made.slot]].append(made)
    while not all(made and made[-1].finish for made in found):
        for made in engine.step(64).made:
            found[places[made.slot]].append(made)
    again = engine.insert(asked[-1])
    assert again.cached_tokens == 149, "a prompt that comes again is not read again"
    engine.remove(again.slot)
    found.append(alone(engine, asked[-1]))
    whole = zip([*asked, asked[-1]], [*lone, lone[-1]], found, strict=True)
    assert all(agrees(engine, *each) for each in whole)
