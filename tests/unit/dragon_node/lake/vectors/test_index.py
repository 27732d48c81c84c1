"""VectorIndex: one suite for every implementation, held against plain arithmetic.

Each is tested as it is filled and once more after a rebuild, when it may answer by codes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from common.errors import Invalid
from common.model.ids import ContentHash
from dragon_node.lake.vectors.port import Vector, VectorIndex
from tests.support.vectors import DIMENSION, IMPLEMENTATIONS, clustered, keys, scattered

Make = Callable[[int], VectorIndex]
KEYS = keys(3_000)


@pytest.fixture(params=IMPLEMENTATIONS)
def make(request: pytest.FixtureRequest) -> Make:
    """Makes an empty one for a dimension."""
    return IMPLEMENTATIONS[request.param]


@pytest.fixture(params=["as filled", "rebuilt"])
def filled(request: pytest.FixtureRequest, make: Make) -> Callable[[np.ndarray], VectorIndex]:
    """Makes one with these rows under the first KEYS."""

    def fill(rows: np.ndarray) -> VectorIndex:
        index = make(rows.shape[1])
        index.add(KEYS[: len(rows)], list(rows))
        if request.param == "rebuilt":
            index.rebuild()
        return index

    return fill


Fill = Callable[[np.ndarray], VectorIndex]


def _best(rows: np.ndarray, query: Vector, k: int) -> list[ContentHash]:
    halves = rows.astype(np.float16).astype(np.float32)
    return [KEYS[int(i)] for i in np.argsort(-(halves @ query), kind="stable")[:k]]


def _found(index: VectorIndex, query: Vector, k: int, **more: Sequence[ContentHash]) -> list[str]:
    return [key for key, _ in index.search(query, k, **more)]


def test_it_finds_what_arithmetic_finds(filled: Fill) -> None:
    rows = scattered(300)
    index = filled(rows)
    query = scattered(1, seed=2)[0]
    assert _found(index, query, 10) == _best(rows, query, 10)
    assert index.search(query, 1)[0][1] == pytest.approx(float((rows @ query).max()), abs=1e-3)


def test_of_ten_in_clusters_it_finds_all_but_one_in_a_hundred(filled: Fill) -> None:
    rows, queries = clustered(3_000), clustered(50, seed=2)
    index = filled(rows)
    hits = sum(len({*_found(index, q, 10)} & {*_best(rows, q, 10)}) for q in queries)
    assert hits >= 0.99 * 500


def test_what_is_tombstoned_is_not_found_and_the_rest_is(filled: Fill) -> None:
    rows = clustered(3_000)
    index = filled(rows)
    index.tombstone(KEYS[::2])
    index.tombstone([ContentHash("f" * 32)])
    index.tombstone([KEYS[0], KEYS[0]])
    assert len(index) == 1_500
    for i in range(0, 3_000, 61):
        assert (_found(index, rows[i], 1) == [KEYS[i]]) == (i % 2 == 1)
    assert 0.4 < index.dead_share < 0.6
    index.rebuild()
    assert (len(index), index.dead_share) == (1_500, 0.0)
    assert _found(index, rows[1], 1) == [KEYS[1]]


def test_what_died_and_came_again_is_found_where_it_is_now(filled: Fill) -> None:
    rows = clustered(3_000)
    index = filled(rows)
    index.tombstone(KEYS[:100])
    index.add(KEYS[:100], list(rows[100:200]))
    index.tombstone(KEYS[100:200])
    assert len(index) == 2_900
    for i in range(0, 100, 7):
        assert _found(index, rows[100 + i], 1) == [KEYS[i]]
        assert all(score < 0.999 for _, score in index.search(rows[i], 3))


def test_a_key_that_is_added_again_is_replaced(filled: Fill) -> None:
    rows = clustered(3_000)
    index = filled(rows[:2_000])
    index.add(KEYS[:1_000], list(rows[2_000:]))
    assert len(index) == 2_000
    assert [_found(index, rows[2_000 + i], 1) for i in range(0, 1_000, 50)] == [
        [KEYS[i]] for i in range(0, 1_000, 50)
    ]


def test_of_a_key_that_comes_twice_at_once_the_last_counts(make: Make) -> None:
    rows = scattered(3)
    index = make(DIMENSION)
    index.add([KEYS[0], KEYS[1], KEYS[0]], list(rows))
    assert len(index) == 2
    assert index.search(rows[2], 1)[0] == (KEYS[0], pytest.approx(1.0, abs=1e-3))
    assert index.search(rows[0], 1)[0][1] < 0.999


def test_a_function_that_was_saved_a_thousand_times_hides_nothing(filled: Fill) -> None:
    """Its dead versions lie nearer to the question than anything that lives."""
    rows, versions = clustered(3_000), keys(1_500, seed=2)
    index = filled(rows)
    edits = rows[0] + 0.01 * scattered(1_500, seed=2, dimension=rows.shape[1])
    index.add(versions, edits / np.linalg.norm(edits, axis=1, keepdims=True))
    index.tombstone(versions)
    assert _found(index, rows[0], 10) == _best(rows, rows[0], 10)


def test_among_allowed_keys_it_is_exact(filled: Fill) -> None:
    rows = clustered(3_000)
    index = filled(rows)
    allow = KEYS[5::100]
    for query in clustered(10, seed=3):
        best = [key for key in _best(rows, query, 3_000) if key in {*allow}]
        assert _found(index, query, 10, allow=allow) == best[:10]
    assert _found(index, rows[5], 3, allow=[KEYS[5], KEYS[6], KEYS[5]]) == [KEYS[5], KEYS[6]]
    assert index.search(rows[0], 10, allow=[]) == []
    assert index.search(rows[0], 10, allow=[ContentHash("f" * 32)]) == []
    index.tombstone(allow[1:])
    assert _found(index, rows[0], 10, allow=allow) == allow[:1]


def test_fewer_than_wanted_are_all_there_are(filled: Fill) -> None:
    rows = clustered(3_000)
    index = filled(rows)
    assert _found(index, rows[0], 5_000) == _best(rows, rows[0], 3_000)
    assert index.search(rows[0], 0) == []


def test_empty_it_finds_nothing_and_can_be_rebuilt(make: Make) -> None:
    index = make(DIMENSION)
    assert (len(index), index.dead_share, index.search(scattered(1)[0], 5)) == (0, 0.0, [])
    index.rebuild()
    assert index.due() is None
    index.add([], [])
    index.tombstone([])
    assert index.search(scattered(1)[0], 5, allow=KEYS[:2]) == []


def test_emptied_it_finds_nothing_and_takes_vectors_again(filled: Fill) -> None:
    rows = clustered(2_000)
    index = filled(rows)
    index.tombstone(KEYS)
    assert (len(index), index.search(rows[0], 5)) == (0, [])
    index.rebuild()
    index.add(KEYS[:1], rows[:1])
    assert _found(index, rows[0], 5) == KEYS[:1]


def test_equals_come_in_the_order_of_their_keys(make: Make) -> None:
    """Whichever way they were added, and however many there are: the same question always gets the
    same answer."""
    rows = np.repeat(clustered(100), 20, axis=0)
    forth, back = make(rows.shape[1]), make(rows.shape[1])
    forth.add(KEYS[:2_000], list(rows))
    back.add(KEYS[1_999::-1], list(rows[::-1]))
    for index in (forth, back):
        assert _found(index, rows[40], 15) == KEYS[40:55]
        index.rebuild()
        assert _found(index, rows[40], 15) == KEYS[40:55]
    assert forth.search(rows[0], 50) == back.search(rows[0], 50)


def test_another_dimension_is_refused_and_changes_nothing(make: Make) -> None:
    rows = scattered(2)
    index = make(DIMENSION)
    index.add(KEYS[:1], rows[:1])
    wrong: list[list[Vector]] = [[np.ones(3, dtype=np.float32)], [rows[0], rows[1][:3]]]
    for vectors in wrong:
        with pytest.raises(Invalid):
            index.add(KEYS[: len(vectors)], vectors)
    with pytest.raises(Invalid):
        index.add(KEYS[:1], [np.full(DIMENSION, np.nan, dtype=np.float32)])
    with pytest.raises(Invalid):
        index.add(KEYS[:2], rows[:1])
    with pytest.raises(Invalid):
        index.search(rows[0][:3], 1)
    with pytest.raises(Invalid):
        index.search(np.full(DIMENSION, np.inf, dtype=np.float32), 1)
    assert (len(index), _found(index, rows[0], 5)) == (1, KEYS[:1])


def test_its_memory_is_counted(filled: Fill) -> None:
    rows = clustered(3_000)
    assert rows.size * 2 <= filled(rows).bytes <= 3 * rows.size * 2 + (2 << 20)
