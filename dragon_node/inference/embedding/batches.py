"""Which texts go through a model together, so that little of it is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

PADDED_TOKENS = 2_048
"""Tokens a batch, each text as long as the longest: a model of 22M parameters takes a quarter of a
second for them on two cores. One text may be longer than that."""


def batches(lengths: Sequence[int], padded_tokens: int = PADDED_TOKENS) -> Iterator[list[int]]:
    """Rows in batches of like length, the shortest first, each row once."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
        if batch and lengths[row] * (len(batch) + 1) > padded_tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
