"""Room is reserved before the journal, made at 85 % and refused at 95 %, and all of it adds up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.errors import Corrupt, OverLimit
from common.model.ids import ProjectId
from dragon_node.lake.accountant import Accountant, cost
from dragon_node.lake.ramdisk import MARKER, RamDisk
from tests.support.lake import plain

LIMIT = 1_000_000
A = ProjectId("a")


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
    accountant = Accountant(disk, LIMIT, pool)
    await accountant.reserve(500_000)
    with pytest.raises(OverLimit, match=r"[\d,]+ of 1,000,000 bytes and 500,000 more"):
        await accountant.reserve(500_000)
    await accountant.reserve(400_000)


async def test_what_was_applied_counts_as_what_it_took(
    disk: RamDisk, pool: ThreadPoolExecutor
) -> None:
    """Reservations are generous: measuring gives the rest back."""
    accountant = Accountant(disk, LIMIT, pool)
    await accountant.reserve(900_000)
    (disk.path / "applied").write_bytes(b"x" * 100_000)
    accountant.settle(900_000)
    await accountant.reserve(700_000)
    assert 800_000 <= accountant.spoken_for < 900_000


async def test_a_disk_that_is_not_ours_any_more_is_not_measured(
    disk: RamDisk, pool: ThreadPoolExecutor
) -> None:
    accountant = Accountant(disk, LIMIT, pool)
    (disk.path / MARKER).unlink()
    with pytest.raises(Corrupt):
        await accountant.measure()


def test_content_costs_more_than_its_bytes() -> None:
    assert cost([b"x" * 10], []) >= 10
    assert cost([], [1_000]) >= 4_000


async def test_what_is_shown_adds_up_to_what_is_counted(
    disk: RamDisk, pool: ThreadPoolExecutor
) -> None:
    (disk.path / "projects").mkdir()
    (disk.path / "words" / "a").mkdir(parents=True)
    for name in ("memory.db", "memory.db-wal", "projects/a.db", "words/a/x.idx", "stray"):
        (disk.path / name).write_bytes(b"x" * 10_000)
    accountant = Accountant(disk, LIMIT, pool, lambda: {A: 5_000})
    measured = await accountant.measure()
    by_name = {store.name: store.bytes for store in measured.described()}
    assert sum(by_name.values()) == measured.bytes == accountant.spoken_for
    assert by_name["memory"] >= 20_000 and by_name["projects"] >= 10_000
    assert by_name["words"] >= 10_000 and by_name["vectors"] == 5_000 and by_name["other"] >= 10_000
    assert measured.derived[A] == by_name["words"] + 5_000
    assert measured.projects[A] == measured.derived[A] + by_name["projects"]


async def test_room_is_made_at_85_percent_and_refused_at_95(
    disk: RamDisk, pool: ThreadPoolExecutor
) -> None:
    accountant = Accountant(disk, LIMIT, pool)
    asked: list[set[ProjectId]] = []

    async def evict(enough: Callable[[], Awaitable[bool]], keep: Collection[ProjectId]) -> None:
        asked.append(set(keep))
        (disk.path / "big").unlink(missing_ok=True)
        assert await enough() == (len(asked) == 1)

    accountant.evict = evict
    (disk.path / "big").write_bytes(b"x" * 800_000)
    await accountant.measure()
    await accountant.reserve(20_000)
    assert not asked
    await accountant.reserve(100_000, {A})
    assert asked == [{A}] and accountant.spoken_for < 200_000
    await accountant.reserve(780_000)
    assert 850_000 < accountant.spoken_for < 950_000
    with pytest.raises(OverLimit, match="60,000 more do not fit"):
        await accountant.reserve(60_000)


async def test_what_is_journalled_counts_until_it_is_applied(
    disk: RamDisk, pool: ThreadPoolExecutor
) -> None:
    """A measurement in between sees none of it on the disk."""
    accountant = Accountant(disk, LIMIT, pool)
    for lsn in (3, 7):
        await accountant.reserve(100_000)
        accountant.owe(lsn, 100_000)
    await accountant.measure()
    assert accountant.spoken_for >= 200_000
    accountant.applied(6)
    await accountant.measure()
    assert 100_000 <= accountant.spoken_for < 200_000
    accountant.applied(7)
    await accountant.measure()
    assert accountant.spoken_for < 100_000


async def test_what_is_given_up_counts_no_more(disk: RamDisk, pool: ThreadPoolExecutor) -> None:
    accountant = Accountant(disk, LIMIT, pool)
    await accountant.reserve(900_000)
    accountant.release(900_000)
    await accountant.reserve(900_000)
