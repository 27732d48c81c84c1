"""Hashing very many nodes at once gives what hashing each of them gives."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from coordinator_node.routing.highest import Highest
from coordinator_node.routing.rendezvous import mixed

SEEDS = st.integers(0, (1 << 64) - 1)


def one_by_one(key: int, seeds: list[int], count: int) -> list[int]:
    hashes = [mixed(key, each) for each in seeds]
    return sorted(hashes, reverse=True)[:count]


@given(st.lists(SEEDS, min_size=1, max_size=300, unique=True), st.integers(1, 9), SEEDS)
def test_they_are_those_with_the_highest_hashes(seeds: list[int], count: int, key: int) -> None:
    found = Highest(seeds, count).of(key)
    assert [mixed(key, seeds[at]) for at in found] == one_by_one(key, seeds, count)


def test_also_where_too_few_are_above_the_threshold() -> None:
    seeds = [n << 40 for n in range(200)]
    highest = Highest(seeds, 8)
    highest._threshold = type(highest._threshold)((1 << 64) - 1)  # pyright: ignore[reportPrivateUsage]
    found = highest.of(7)
    assert [mixed(7, seeds[at]) for at in found] == one_by_one(7, seeds, 8)
