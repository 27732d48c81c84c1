"""Caches that are kept are found by their beginning, and are nobody's but the finder's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from dragon_node.inference.engines.prompts import SEQUENCES_MAX, Kept
from dragon_node.inference.mlx_modules import module

TOKEN_BYTES = 8
"""Of the caches below: a key and a value of one float32 each."""


def cache_of(tokens: Sequence[int]) -> list[Any]:
    """One layer whose keys are the tokens themselves."""
    mx, caches = module("mlx.core"), module("mlx_lm.models.cache")
    numbers = mx.array(list(tokens), mx.float32).reshape(1, 1, -1, 1)
    layer = caches.KVCache()
    layer.state = (numbers, numbers + 0, len(tokens))
    return [layer]


def keys(cache: list[Any] | None) -> list[int]:
    return [] if cache is None else cache[0].keys_and_values()[0].reshape(-1).tolist()


@pytest.fixture
def kept() -> Kept:
    return Kept(10_000)


def keep(kept: Kept, *tokens: int) -> None:
    kept.keep(tokens, cache_of(tokens))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ((1, 2, 3, 4, 5), (1, 2, 3)),  # it goes on where the other ended
        ((1, 2, 3), (1, 2)),  # the last is read again
        ((1, 2, 9, 9), (1, 2)),  # it leaves the other's way
        ((9, 2, 3), ()),
        ((1,), ()),
    ],
)
def test_the_longest_common_beginning_is_found(
    kept: Kept, asked: tuple[int, ...], found: tuple[int, ...]
) -> None:
    keep(kept, 1, 2, 3)
    cache, read = kept.nearest(asked)
    assert (keys(cache), read) == (list(found), len(found))


def test_what_is_done_with_a_found_cache_stays_with_who_found_it(kept: Kept) -> None:
    keep(kept, 1, 2, 3, 4)
    first, _ = kept.nearest((1, 2, 9, 9))
    assert first is not None
    mx = module("mlx.core")
    first[0].update_and_fetch(mx.zeros((1, 1, 1, 1)), mx.zeros((1, 1, 1, 1)))
    again, _ = kept.nearest((1, 2, 3, 4, 5))
    assert keys(first) == [1, 2, 0]
    assert keys(again) == [1, 2, 3, 4]


def test_a_beginning_needs_no_place_of_its_own(kept: Kept) -> None:
    keep(kept, 1, 2)
    keep(kept, 1, 2, 3)
    assert kept.bytes == 3 * TOKEN_BYTES
    keep(kept, 1, 2)
    assert kept.bytes == 5 * TOKEN_BYTES


def test_room_to_grow_is_not_kept(kept: Kept) -> None:
    """Caches grow by 256 tokens; one of 3 would take 85 times its size."""
    caches, mx = module("mlx_lm.models.cache"), module("mlx.core")
    layer = caches.KVCache()
    layer.update_and_fetch(mx.zeros((1, 1, 3, 1)), mx.zeros((1, 1, 3, 1)))
    assert layer.nbytes == 256 * TOKEN_BYTES
    kept.keep((1, 2, 3), [layer])
    assert kept.bytes == 3 * TOKEN_BYTES


def test_what_was_used_last_is_forgotten_last(kept: Kept) -> None:
    keep(kept, 1, 1, 1)
    keep(kept, 2, 2, 2)
    kept.nearest((1, 1, 1, 1))
    kept.trim(3 * TOKEN_BYTES)
    assert kept.nearest((2, 2, 2, 2)) == (None, 0)
    assert kept.nearest((1, 1, 1, 1))[1] == 3


def test_sequences_have_a_limit_as_bytes_have(kept: Kept) -> None:
    for n in range(SEQUENCES_MAX + 5):
        keep(kept, n, n)
    assert kept.bytes == SEQUENCES_MAX * 2 * TOKEN_BYTES
    small = Kept(5 * TOKEN_BYTES)
    keep(small, 1, 1, 1)
    keep(small, 2, 2, 2)
    assert small.bytes == 3 * TOKEN_BYTES
    keep(small, *range(100))
    assert small.bytes == 0


def test_a_cache_that_cannot_be_cut_serves_only_who_goes_on(kept: Kept) -> None:
    """A state, as mamba has it, is of all its tokens or of none."""
    mx, caches = module("mlx.core"), module("mlx_lm.models.cache")
    state = caches.ArraysCache(1)
    state[0] = mx.ones((1, 2))
    kept.keep((1, 2, 3), [state])
    assert kept.nearest((1, 2, 9, 9)) == (None, 0)
    assert kept.nearest((1, 2, 3, 4))[1] == 3
