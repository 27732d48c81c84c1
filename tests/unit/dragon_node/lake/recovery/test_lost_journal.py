"""A journal that is gone takes with it only what nothing else has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.model.lake import HistoryQuery, SearchQuery
from dragon_node.lake.lake import Lake
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
