"""VectorIndex: one suite for every implementation, held against plain arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from common.errors import Invalid
from common.model.ids import ContentHash
from dragon_node.lake.vectors import ExactIndex, Vector, VectorIndex, packed, unpacked

DIMENSION = 16
IMPLEMENTATIONS: list[Callable[[int], VectorIndex]] = [ExactIndex]


def _some(count: int, seed: int = 1) -> tuple[list[ContentHash], list[Vector]]:
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return [ContentHash(f"{seed:016x}{i:016x}") for i in range(count)], list(rows)


@pytest.fixture(params=IMPLEMENTATIONS)
def index(request: pytest.FixtureRequest) -> VectorIndex:
    """An empty one."""
    return request.param(DIMENSION)


def test_it_finds_what_arithmetic_finds(index: VectorIndex) -> None:
    keys, rows = _some(300)
    index.add(keys, rows)
    query = _some(1, seed=2)[1][0]
    cosines = np.stack(rows) @ query
    best = [keys[int(i)] for i in np.argsort(-cosines)[:10]]
    found = index.search(query, 10)
    assert [key for key, _ in found] == best
    assert found[0][1] == pytest.approx(float(cosines.max()), abs=1e-5)


def test_what_is_tombstoned_is_not_found_and_the_rest_is(index: VectorIndex) -> None:
    keys, rows = _some(100)
    index.add(keys, rows)
    index.tombstone(keys[::2])
    index.tombstone([ContentHash("f" * 32)])
    assert len(index) == 50
    for i in range(100):
        nearest = index.search(rows[i], 1)[0][0]
        assert (nearest == keys[i]) == (i % 2 == 1)


def test_a_key_that_is_added_again_is_replaced(index: VectorIndex) -> None:
    keys, rows = _some(2)
    index.add(keys[:1], rows[:1])
    index.add(keys[:1], rows[1:])
    assert len(index) == 1
    assert index.search(rows[1], 5)[0][1] == pytest.approx(1.0, abs=1e-5)


def test_only_allowed_keys_are_found(index: VectorIndex) -> None:
    keys, rows = _some(50)
    index.add(keys, rows)
    found = index.search(rows[0], 10, allow=keys[40:42])
    assert {key for key, _ in found} == set(keys[40:42])
    assert index.search(rows[0], 10, allow=[]) == []


def test_fewer_than_wanted_are_all_there_are(index: VectorIndex) -> None:
    keys, rows = _some(3)
    assert index.search(rows[0], 5) == []
    index.add(keys, rows)
    assert len(index.search(rows[0], 5)) == 3


def test_another_dimension_is_refused(index: VectorIndex) -> None:
    with pytest.raises(Invalid):
        index.add([ContentHash("0" * 32)], [np.ones(3, dtype=np.float32)])


def test_half_precision_keeps_the_cosine() -> None:
    _, rows = _some(50)
    for row in rows:
        assert float(unpacked(packed(row)) @ row) == pytest.approx(1.0, abs=1e-3)
