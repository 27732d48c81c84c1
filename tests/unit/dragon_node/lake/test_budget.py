"""Room is reserved before the journal: measured, applied since, and on its way."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.errors import Corrupt, OverLimit
from dragon_node.lake.budget import Budget, cost
from dragon_node.lake.ramdisk import MARKER, RamDisk
from tests.support.lake import plain

LIMIT = 1_000_000


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """The thread that measures."""
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture
def disk(tmp_path: Path) -> RamDisk:
    """An empty one."""
    return plain(tmp_path / "home", LIMIT)


async def test_what_is_on_its_way_counts(disk: RamDisk, pool: ThreadPoolExecutor) -> None:
    budget = Budget(disk, LIMIT, pool)
    await budget.reserve(500_000)
    with pytest.raises(OverLimit, match=r"[\d,]+ of 1,000,000 bytes and 500,000 more"):
        await budget.reserve(500_000)
    await budget.reserve(400_000)


async def test_what_was_applied_counts_as_what_it_took(
    disk: RamDisk, pool: ThreadPoolExecutor
) -> None:
    """Reservations are generous: measuring gives the rest back."""
    budget = Budget(disk, LIMIT, pool)
    await budget.reserve(900_000)
    (disk.path / "applied").write_bytes(b"x" * 100_000)
    budget.settle(900_000)
    await budget.reserve(700_000)
    assert 800_000 <= budget.spoken_for < 900_000


async def test_a_disk_that_is_not_ours_any_more_is_not_measured(
    disk: RamDisk, pool: ThreadPoolExecutor
) -> None:
    budget = Budget(disk, LIMIT, pool)
    (disk.path / MARKER).unlink()
    with pytest.raises(Corrupt):
        await budget.measure()


def test_content_costs_more_than_its_bytes() -> None:
    assert cost([b"x" * 10], []) >= 10
    assert cost([], [b"x" * 1_000]) >= 4_000
