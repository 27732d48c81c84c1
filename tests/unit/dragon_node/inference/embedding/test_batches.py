"""Batches: every row once, and little padding."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dragon_node.inference.embedding.batches import batches

LENGTHS = st.lists(st.integers(1, 300), max_size=60)


@given(LENGTHS)
def test_every_row_is_in_one_batch(lengths: list[int]):
    assert sorted(row for batch in batches(lengths, 512) for row in batch) == [*range(len(lengths))]


@given(LENGTHS)
def test_a_batch_of_several_is_bounded_with_its_padding(lengths: list[int]):
    for batch in batches(lengths, 512):
        assert len(batch) == 1 or max(lengths[r] for r in batch) * len(batch) <= 512


@given(LENGTHS)
def test_no_text_is_longer_than_one_of_a_later_batch(lengths: list[int]):
    made = [[lengths[row] for row in batch] for batch in batches(lengths, 512)]
    assert all(max(one) <= min(other) for one, other in pairwise(made))
