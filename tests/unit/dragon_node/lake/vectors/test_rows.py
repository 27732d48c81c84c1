"""Rows: the fast conversion is exact, and a row's score depends on no other row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dragon_node.inference.exact import SEGMENT, MlxRows, device_rows
from dragon_node.lake.vectors.port import Rows
from dragon_node.lake.vectors.rows import HalfRows
from tests.support.vectors import scattered


@pytest.fixture(params=[HalfRows, MlxRows])
def make(request: pytest.FixtureRequest) -> Callable[[int], Rows]:
    """Makes empty ones."""
    return request.param


def test_every_finite_half_is_read_as_what_it_is(make: Callable[[int], Rows]) -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)].reshape(-1, 1)
    rows, slots = make(1), np.arange(len(halves))
    rows.write(slots, halves)
    assert (rows.read(slots) == halves.astype(np.float32)).all()
    scores = rows.scores(np.ones(1, dtype=np.float32), slots, 0)
    assert (scores == halves.astype(np.float32)[:, 0]).all()


def test_scores_are_products_of_some_or_of_the_first(make: Callable[[int], Rows]) -> None:
    halves = scattered(1_000, dimension=384).astype(np.float16)
    query = scattered(1, seed=2, dimension=384)[0]
    rows = make(384)
    rows.write(np.arange(999, -1, -1), halves[::-1])
    products = halves.astype(np.float32) @ query
    some = np.array([3, 999, 3, 400])
    assert rows.scores(query, None, 700) == pytest.approx(products[:700], abs=1e-5)
    assert rows.scores(query, some, 0) == pytest.approx(products[some], abs=1e-5)
    assert len(rows.scores(query, np.empty(0, dtype=np.int64), 0)) == 0


def test_equal_rows_score_the_same_wherever_they_lie(make: Callable[[int], Rows]) -> None:
    rows = make(384)
    halves = np.repeat(scattered(1, dimension=384), 1_003, axis=0).astype(np.float16)
    rows.write(np.arange(1_003), halves)
    query = scattered(1, seed=2, dimension=384)[0]
    assert len(set(rows.scores(query, None, 1_003).tolist())) == 1
    assert len(set(rows.scores(query, np.arange(5, 900), 0).tolist())) == 1


def test_empty_rows_score_nothing(make: Callable[[int], Rows]) -> None:
    assert len(make(4).scores(np.ones(4, dtype=np.float32), None, 0)) == 0


def test_rows_grow_over_several_arrays_of_the_device() -> None:
    rows, halves = MlxRows(2), scattered(2 * SEGMENT + 10, dimension=2).astype(np.float16)
    rows.write(np.arange(len(halves)), halves)
    rows.write(np.array([SEGMENT]), halves[:1])
    halves[SEGMENT] = halves[0]
    assert (rows.read(np.arange(len(halves))) == halves.astype(np.float32)).all()
    assert rows.bytes == 3 * SEGMENT * 2 * 2


@pytest.mark.parametrize(
    ("system", "machine", "chosen"),
    [("darwin", "arm64", MlxRows), ("darwin", "x86_64", None), ("linux", "arm64", None)],
)
def test_the_device_is_chosen_on_a_mac_with_a_gpu_only(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, chosen: object
) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert device_rows() is chosen
