"""Keys: a hash table that does what a dict does, and never gives away a slot that is in use."""

from __future__ import annotations

import random

import numpy as np
import pytest

from common.model.ids import ContentHash
from dragon_node.lake.vectors.keys import Keys, packed
from tests.support.vectors import keys


@pytest.mark.parametrize("seed", range(5))
def test_it_does_what_a_dict_does(seed: int) -> None:
    draw, table, known = random.Random(seed), Keys(), dict[ContentHash, int]()
    every = keys(400)
    for _ in range(300):
        some = draw.sample(every, draw.randrange(1, 40))
        if draw.random() < 0.55:
            new = [key for key in some if key not in known]
            known |= dict(zip(new, table.take(new).tolist(), strict=True))
        else:
            gone = [key for key in some if key in known]
            table.drop(np.array([known.pop(key) for key in gone], dtype=np.int64))
        assert table.find(every).tolist() == [known.get(key, -1) for key in every]
        assert len(table) == len(known)
        assert len(set(known.values())) == len(known)
        assert all(table.key(slot) == key for key, slot in known.items())
        assert np.flatnonzero(table.alive).tolist() == sorted(known.values())


def test_a_hundred_thousand_enter_at_once() -> None:
    table, every = Keys(), keys(100_000)
    slots = table.take(every)
    assert (table.find(every) == slots).all()
    assert (table.find(keys(1_000, seed=2)) == -1).all()
    assert table.bytes < 40 * len(every)


def test_slots_of_the_dead_are_used_again() -> None:
    table = Keys()
    table.drop(table.take(keys(10)))
    assert sorted(table.take(keys(10, seed=2)).tolist()) == list(range(10))
    assert table.top == 10


def test_while_they_are_held_back_no_slot_is_used_again() -> None:
    table = Keys()
    slots = table.take(keys(10))
    table.hold_back()
    table.drop(slots)
    assert table.take(keys(10, seed=2)).min() >= 10
    table.release()
    assert sorted(table.take(keys(10, seed=3)).tolist()) == list(range(10))


def test_keys_are_compared_by_all_their_bytes() -> None:
    table = Keys()
    table.take([ContentHash("0" * 32), ContentHash("0" * 31 + "1"), ContentHash("1" + "0" * 31)])
    assert table.find([ContentHash("0" * 31 + "1"), ContentHash("1" * 32)]).tolist() == [1, -1]
    ordered = [ContentHash(f"{i:02x}" + "0" * 30) for i in range(256)]
    many = Keys()
    slots = many.take(ordered[::-1])
    assert [ordered[::-1][i] for i in np.argsort(many.bytes_of(slots))] == ordered


def test_no_keys_are_no_keys() -> None:
    assert packed([]).shape == (0, 2)
    assert Keys().find([]).tolist() == []
