"""Recovery of a whole lake: the same tables, the same answers, and laptops that go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import apsw
import pytest

from common.daemon.keys import sealing_key
from common.errors import OverLimit
from common.model.event import FileChanged
from common.model.ids import content_hash
from common.model.lake import HistoryQuery, LakeStep, SearchQuery
from dragon_node.failures.memory import FailureMemory
from dragon_node.lake.lake import Lake
from dragon_node.lake.ramdisk import mounts
from dragon_node.lake.records import Note
from dragon_node.lake.recovery.backup import restore_backup
from tests.support.lake import (
    NODE,
    ORIGIN,
    OTHER_COPY,
    Laptop,
    contents,
    event,
    opened,
    plain,
    ran,
    saved,
    seen,
)
from tests.support.ramdisks import fill, mounted_or_skipped, pull_away

Tables = dict[str, list[tuple[object, ...]]]


def _opened(directory: Path) -> AbstractAsyncContextManager[Lake]:
    return opened(directory, appliers=(FailureMemory(),))


async def _all(steps: AsyncGenerator[LakeStep]) -> list[LakeStep]:
    return [step async for step in steps]


async def _lived(lake: Lake) -> Laptop:
    """Two projects, files that came and went, commands, notes of every kind."""
    laptop = Laptop(lake)
    await laptop.save({"a.py": "def first():\n    return 1\n", "b.py": "B = 2\n"})
    other = seen("/home/ada/other", ("github.com/ada/other",), ("root2",))
    await laptop.send(event(other, OTHER_COPY))
    text = "def elsewhere():\n    pass\n"
    await laptop.send(event(saved("e.py", text), OTHER_COPY), blobs=contents(text))
    await laptop.send(ran("pytest", "1 passed"), FileChanged("b.py", deleted=True))
    await lake.note(Note("quiet", {"project": "p1", "quiet": "yes"}))
    await lake.pin("thing", pinned=True)
    await lake.alias("other", "thing")
    return laptop


async def _more(laptop: Laptop, number: int) -> None:
    await laptop.save({"a.py": f"def first():\n    return {number}\n"})
    await laptop.send(ran(f"make {number}"))


def _tables(db: apsw.Connection) -> Tables:
    """Every row of every table that is not SQLite's own, but what is drawn at making."""
    sql = "SELECT name, sql FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
    made = dict(db.execute(sql).fetchall())
    # How a full-text index is cut into pieces depends on the batches; tests of search look into it.
    indexes = tuple(name for name, said in made.items() if said.startswith("CREATE VIRTUAL"))
    # `gone` is a list of errands for the index of words, done whenever it comes to them.
    names = [name for name in made if not name.startswith(indexes) and name != "gone"]
    found: Tables = {}
    for name in names:
        where = " WHERE name<>'generation'" if name == "meta" else ""
        rows = db.execute(f'SELECT * FROM "{name}"{where}').fetchall()
        found[name] = sorted(rows, key=repr)
    return found


async def _dump(lake: Lake) -> dict[str, Tables]:
    dumped = {"memory": await lake.memory.read(_tables)}
    for project, shard in await lake._projects.matching(""):
        dumped[project] = await shard.database.read(_tables)
    return dumped


async def _cut_lake(directory: Path) -> tuple[dict[str, Tables], int]:
    """Its tables, and the newest sequence; the journal has nothing of its beginning."""
    async with _opened(directory) as lake:
        laptop = await _lived(lake)
        for number in range(3):
            await _more(laptop, number)
            await _all(lake.snapshot())
        await laptop.send(ran("the last"))
        assert lake._journal.first_lsn > 15
        return await _dump(lake), laptop.seq


async def test_every_table_comes_back_although_the_journal_was_cut(tmp_path: Path) -> None:
    """Names, copies, aliases, pins, the owner's word, gaps: nothing lives in the journal alone."""
    before, seq = await _cut_lake(tmp_path)
    assert before["memory"]["quiet"] and before["memory"]["aliases"]
    plain(tmp_path).detach()
    async with _opened(tmp_path) as lake:
        assert await _dump(lake) == before
        assert (await lake.open_origin(ORIGIN, NODE, 1, 1 << 40)).applied == seq


async def test_content_that_was_cut_from_the_journal_may_be_referred_to_again(
    tmp_path: Path,
) -> None:
    """A file that comes back as it was is not sent again: the laptop is told that it is held."""
    _, seq = await _cut_lake(tmp_path)
    text = "def first():\n    return 1\n"
    content = content_hash(text.encode())
    async with _opened(tmp_path) as lake:
        assert not await lake._journal.holds([content]), "the control"
        assert await lake.holds([content]) == {content}
        await Laptop(lake, seq=seq).send(event(saved("again.py", text)))
    plain(tmp_path).detach()
    async with _opened(tmp_path) as lake:
        found = await lake.literal(SearchQuery("return 1", "literal", project="thing"))
        assert "again.py" in [hit.path for hit in found.hits]


async def test_a_backup_answers_the_same_on_another_machine_and_laptops_go_on(
    tmp_path: Path,
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    before, seq = await _cut_lake(here)
    async with _opened(here) as lake:
        await _all(lake.backup(tmp_path / "backup", tmp_path / "key"))
    await _all(restore_backup(tmp_path / "backup", tmp_path / "key", there))
    assert sealing_key(there).id != sealing_key(here).id
    async with _opened(there) as lake:
        assert await _dump(lake) == before
        page = await lake.history(HistoryQuery(limit=1))
        assert page.entries[0].event.body == ran("the last")
        laptop = Laptop(lake, seq=(await lake.open_origin(ORIGIN, NODE, 1, 1 << 40)).applied)
        assert laptop.seq == seq
        await laptop.send(ran("goes on"))
        steps = await _all(lake.verify())
        assert steps[-1].ok, [step.sentence for step in steps if not step.ok]


async def test_restore_of_an_open_lake_answers_all_along(tmp_path: Path) -> None:
    """Who asks meanwhile gets the truth, from the old file or the new one; records go on."""
    before, seq = await _cut_lake(tmp_path)
    async with _opened(tmp_path) as lake:
        laptop = Laptop(lake, seq=seq)
        stop = asyncio.Event()

        async def ask() -> int:
            asked = 0
            while not stop.is_set():
                found = await lake.literal(SearchQuery("return 2", "literal", project="thing"))
                assert [hit.path for hit in found.hits] == ["a.py"]
                await laptop.send(ran(f"while {asked}"))
                asked += 1
            return asked

        asking = asyncio.create_task(ask())
        for at in (0, 2, 3):
            steps = await _all(lake.restore(at))
            assert steps[-1].ended
        stop.set()
        asked = await asking
        assert asked
        after = await _dump(lake)
        applied = (await lake.open_origin(ORIGIN, NODE, 1, 1 << 40)).applied
        assert applied == seq + asked
        assert after["memory"]["copies"] == before["memory"]["copies"]
    plain(tmp_path).detach()
    async with _opened(tmp_path) as lake:
        again = await _dump(lake)
        for name, tables in after.items():
            for table, rows in tables.items():
                assert again[name][table] == rows, (name, table)


async def test_a_full_ssd_keeps_the_old_generation_and_goes_on_answering(tmp_path: Path) -> None:
    """A real one, of 3 MB."""
    disk = tmp_path / "ssd"
    disk.mkdir()
    mounted_or_skipped(disk, 3 << 20)
    try:
        ram = plain(tmp_path / "ram")
        async with opened(disk, ram=ram) as lake:
            laptop = Laptop(lake)
            await laptop.save({"a.py": "def first():\n    return 1\n"})
            await _all(lake.snapshot())
            await laptop.send(ran("more"))
            filler = fill(disk)
            with pytest.raises(OverLimit, match="full"):
                await _all(lake.snapshot())
            found = await lake.literal(SearchQuery("return 1", "literal"))
            assert [hit.path for hit in found.hits] == ["a.py"]
            assert [g.number for g in (await lake.stats()).generations] == [1]
            filler.unlink()
            await _all(lake.snapshot())
            assert [g.number for g in (await lake.stats()).generations] == [2, 1]
    finally:
        while mounts.is_mount(disk):
            pull_away(disk)
