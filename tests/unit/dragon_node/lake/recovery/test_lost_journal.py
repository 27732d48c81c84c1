"""A journal that is gone takes with it only what nothing else has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.daemon.keys import sealing_key
from common.model.lake import HistoryQuery, SearchQuery
from dragon_node.lake.formats import made_ready
from dragon_node.lake.lake import Lake
from dragon_node.lake.recovery.lost_journal import go_on
from tests.support.lake import Laptop, opened, ran, seen


def _lose(directory: Path) -> None:
    for path in directory.glob("journal.db*"):
        path.unlink()


async def _snapshot(lake: Lake) -> None:
    assert [step async for step in lake.snapshot()][-1].ended


async def _commands(lake: Lake) -> int:
    return len((await lake.history(HistoryQuery(kind="command", project="thing"))).entries)


@pytest.mark.parametrize("ram_lost", [False, True])
async def test_what_memory_or_a_generation_has_stays(tmp_path: Path, ram_lost: bool) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": "kept = 1\n"})
        await laptop.send(ran())
        await _snapshot(lake)
        await laptop.send(ran())
    _lose(tmp_path)
    if ram_lost:
        shutil.rmtree(tmp_path / "not-ram")
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == (1 if ram_lost else 2)
        assert (await lake.literal(SearchQuery("kept", "literal"))).hits
        held = await lake.open_origin(laptop.origin, laptop.node, laptop.seq + 1, laptop.seq)
        assert held.missing == (1 if ram_lost else 0), "what is gone is said"
        await Laptop(lake, seq=laptop.seq).send(ran())
        assert await _commands(lake) == (2 if ram_lost else 3)


async def test_who_slept_wakes_with_what_was_known_then(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.send(seen())
        await _snapshot(lake)
        await laptop.send(ran())
        await lake.sleep("thing")
    _lose(tmp_path)
    shutil.rmtree(tmp_path / "not-ram")
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == 1


async def test_the_new_journal_outlives_a_second_loss_of_the_ram_disk(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.send(seen(), ran())
        await _snapshot(lake)
    _lose(tmp_path)
    async with opened(tmp_path) as lake:
        await Laptop(lake, seq=laptop.seq).send(ran())
    shutil.rmtree(tmp_path / "not-ram")
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == 2


async def _three_and_a_generation_of_one(directory: Path) -> Laptop:
    async with opened(directory) as lake:
        laptop = Laptop(lake)
        await laptop.send(seen(), ran())
        await _snapshot(lake)
        await laptop.send(ran())
        await laptop.send(ran())
    return laptop


async def test_no_older_generation_is_taken_for_what_the_new_journal_goes_on_from(
    tmp_path: Path,
) -> None:
    await _three_and_a_generation_of_one(tmp_path)
    _lose(tmp_path)
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == 3
        assert [step async for step in lake.restore(0)][-1].ended
        assert await _commands(lake) == 3
        assert len((await lake.stats()).generations) == 1


async def test_what_only_memory_had_outlives_the_ram_disk_once_the_lake_has_opened(
    tmp_path: Path,
) -> None:
    laptop = await _three_and_a_generation_of_one(tmp_path)
    _lose(tmp_path)
    async with opened(tmp_path):
        pass
    shutil.rmtree(tmp_path / "not-ram")
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == 3
        held = await lake.open_origin(laptop.origin, laptop.node, laptop.seq + 1, laptop.seq)
        assert (held.applied, held.missing) == (laptop.seq, 0)


async def _begun_and_killed(directory: Path) -> None:
    key = await made_ready(directory)
    assert go_on(directory, directory / "not-ram", key)


@pytest.mark.parametrize("ram_lost", [False, True])
async def test_a_start_that_was_killed_before_its_generation_is_done_again(
    tmp_path: Path, ram_lost: bool
) -> None:
    laptop = await _three_and_a_generation_of_one(tmp_path)
    _lose(tmp_path)
    await _begun_and_killed(tmp_path)
    if ram_lost:
        shutil.rmtree(tmp_path / "not-ram")
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == (1 if ram_lost else 3)
        held = await lake.open_origin(laptop.origin, laptop.node, laptop.seq + 1, laptop.seq)
        assert held.missing == (2 if ram_lost else 0), "what is gone is said"
        steps = [step async for step in lake.verify()]
        assert steps[-1].ok, [step.sentence for step in steps if not step.ok]
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == (1 if ram_lost else 3)


async def test_without_generations_the_ram_disk_is_the_truth(tmp_path: Path) -> None:
    laptop = await _three_and_a_generation_of_one(tmp_path)
    _lose(tmp_path)
    shutil.rmtree(tmp_path / "generations")
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == 3
        held = await lake.open_origin(laptop.origin, laptop.node, laptop.seq + 1, laptop.seq)
        assert (held.applied, held.missing) == (laptop.seq, 0)
    shutil.rmtree(tmp_path / "not-ram")
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == 3


async def test_without_generations_who_sleeps_stays(tmp_path: Path) -> None:
    await _three_and_a_generation_of_one(tmp_path)
    async with opened(tmp_path) as lake:
        await lake.sleep("thing")
    _lose(tmp_path)
    shutil.rmtree(tmp_path / "generations")
    async with opened(tmp_path) as lake:
        assert await _commands(lake) == 3


async def test_a_copy_of_one_who_sleeps_is_kept_and_woken_although_nothing_else_is_left(
    tmp_path: Path,
) -> None:
    laptop = await _three_and_a_generation_of_one(tmp_path)
    async with opened(tmp_path) as lake:
        await lake.sleep("thing")
    _lose(tmp_path)
    shutil.rmtree(tmp_path / "generations")
    shutil.rmtree(tmp_path / "not-ram")
    async with opened(tmp_path) as lake:
        held = await lake.open_origin(laptop.origin, laptop.node, laptop.seq + 1, laptop.seq)
        assert held.missing == laptop.seq, "what memory.db knew of the outbox is gone, and said"
        await Laptop(lake, seq=laptop.seq).send(seen(), ran())
        assert await _commands(lake) == 4


async def test_an_empty_lake_is_none_that_was_lost(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    assert not go_on(tmp_path, tmp_path / "not-ram", sealing_key(tmp_path))
