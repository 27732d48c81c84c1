"""Generations: whole or not there, two at a time, and the journal is cut to the older one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import apsw
import pytest

from common.errors import Corrupt, Missing, OverLimit
from dragon_node.lake.recovery import snapshot as snapshot_room
from dragon_node.lake.recovery.restore import restore
from dragon_node.lake.recovery.shelf import MEMORY
from tests.support.recovery import ONE, TWO, lose_ram, toy


def _spoil(path: Path) -> None:
    """One bit, in the middle."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


async def test_a_lost_ram_disk_comes_back_from_the_newest_generation(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        for what in "abc":
            await lake.say(what, ONE)
            await lake.snapshots.make()
        await lake.say("d", ONE)
        await lake.say("e", TWO)
        assert lake.journal.first_lsn == 3, "cut to the older generation"
    lose_ram(tmp_path)
    async with toy(tmp_path) as lake:
        assert await lake.things(ONE) == ["a", "b", "c", "d"]
        assert await lake.things(TWO) == ["e"]
        assert await lake.things(MEMORY) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("what", ["copy", "manifest", "current", "asleep"])
async def test_what_is_damaged_is_named_and_the_older_truth_is_used(
    tmp_path: Path, what: str
) -> None:
    async with toy(tmp_path) as lake:
        await lake.say("a", ONE)
        await lake.say("b", TWO)
        await lake.sleep(TWO)
        for each in "cde":
            await lake.say(each, ONE)
            await lake.snapshots.make()
        newest = lake.archive.generations.newest()
        assert newest is not None
    damaged = {
        "copy": tmp_path / "shelf" / newest.files[ONE].file,
        "manifest": tmp_path / "generations" / f"{newest.number}.json",
        "current": tmp_path / "generations" / "CURRENT",
        "asleep": tmp_path / "asleep.json",
    }[what]
    _spoil(damaged)
    lose_ram(tmp_path)
    async with toy(tmp_path) as lake:
        assert await lake.things(ONE) == ["a", "c", "d", "e"]
        assert await lake.things(TWO) == ["b"]
        assert await lake.things(MEMORY) == ["a", "b", "c", "d", "e"]
        told = [
            *lake.archive.recovery.told,
            *lake.archive.generations.damaged,
            lake.archive.asleep.damaged,
        ]
        assert any(str(damaged) in each for each in told), told


async def test_what_cannot_be_restored_is_corrupt_by_name_and_never_empty(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        for what in "abc":
            await lake.say(what, ONE)
            await lake.snapshots.make()
        copies = {m.files[ONE].file for m in lake.archive.generations.all()}
    for copy in copies:
        _spoil(tmp_path / "shelf" / copy)
    lose_ram(tmp_path)
    async with toy(tmp_path) as lake:
        with pytest.raises(Corrupt, match=ONE):
            await lake.things(ONE)
        assert await lake.things(MEMORY) == ["a", "b", "c"]


async def test_without_a_manifest_a_cut_journal_rebuilds_nothing(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        for what in "abc":
            await lake.say(what, ONE)
            await lake.snapshots.make()
    for path in (tmp_path / "generations").glob("*.json"):
        path.unlink()
    lose_ram(tmp_path)
    async with toy(tmp_path) as lake:
        for name in (MEMORY, ONE):
            with pytest.raises(Corrupt, match="cannot be restored"):
                await lake.shard(name)


async def test_a_lost_journal_is_no_empty_lake(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        await lake.say("a", ONE)
        await lake.snapshots.make()
    (tmp_path / "journal.db").unlink()
    with pytest.raises(Corrupt, match=r"journal.db is not the journal that generation 1 goes on"):
        async with toy(tmp_path):
            pass


async def test_a_project_that_began_after_the_cut_comes_from_the_journal(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        for what in "ab":
            await lake.say(what, ONE)
            await lake.snapshots.make()
        await lake.say("c", TWO)
    lose_ram(tmp_path)
    async with toy(tmp_path) as lake:
        assert lake.journal.first_lsn > 1
        assert await lake.things(TWO) == ["c"]


async def test_a_kept_file_that_is_older_than_the_cut_is_not_believed(tmp_path: Path) -> None:
    """Somebody has put an old RAM disk back: the journal no longer has what it lacks."""
    async with toy(tmp_path) as lake:
        await lake.say("a", ONE)
    old = (tmp_path / "ram" / f"{ONE}.db").read_bytes()
    async with toy(tmp_path) as lake:
        for what in "bcd":
            await lake.say(what, ONE)
            await lake.snapshots.make()
    (tmp_path / "ram" / f"{ONE}.db").write_bytes(old)
    async with toy(tmp_path) as lake:
        assert await lake.things(ONE) == ["a", "b", "c", "d"]


async def test_a_quiet_file_is_shared_and_not_copied_again(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        await lake.say("a", ONE)
        await lake.say("b", TWO)
        snapshots = lake.snapshots
        await snapshots.make()
        await lake.say("c", TWO)
        await snapshots.make()
        newer, older = lake.archive.generations.all()
        assert newer.files[ONE] == older.files[ONE]
        assert newer.files[TWO].file != older.files[TWO].file


async def test_copies_that_nobody_refers_to_are_removed(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        for what in "abcde":
            await lake.say(what, ONE)
            await lake.snapshots.make()
        generations = lake.archive.generations.all()
        referred = {s.file for m in generations for s in m.files.values()}
        assert _names(tmp_path / "shelf") == referred
        assert [m.number for m in generations] == [5, 4]


async def test_a_generation_written_while_records_come_is_whole(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        await lake.say("first", ONE)
        stop = asyncio.Event()

        async def talk() -> list[str]:
            said: list[str] = []
            while not stop.is_set():
                said.append(f"word {len(said)}")
                await lake.say(said[-1], ONE)
            return said

        talking = asyncio.create_task(talk())
        for _ in range(4):
            await lake.snapshots.make()
        stop.set()
        said = await talking
    lose_ram(tmp_path)
    async with toy(tmp_path) as lake:
        assert await lake.things(ONE) == ["first", *said]


async def test_a_full_disk_leaves_the_old_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with toy(tmp_path) as lake:
        await lake.say("a", ONE)
        await lake.snapshots.make()
        before = _names(tmp_path / "shelf")

        def full(*_: object) -> None:
            raise OverLimit("the disk is full", hint="Give the lake more room")

        monkeypatch.setattr("dragon_node.lake.recovery.shelf.copied", full)
        await lake.say("b", ONE)
        with pytest.raises(OverLimit, match="shelf is full") as refused:
            await lake.snapshots.make()
        assert "Free some of it" in refused.value.hint
        assert _names(tmp_path / "shelf") == before
        newest = lake.archive.generations.newest()
        assert newest is not None and newest.number == 1


async def test_restore_takes_the_generation_and_everything_that_came_after(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        for what in "abc":
            await lake.say(what, ONE)
            await lake.snapshots.make()
        await lake.say("d", ONE)
        shard = await lake.shard(ONE)
        await shard.database.write(_poison)
        assert await lake.things(ONE) == ["wrong"] * 4, "the control"
        steps = [s async for s in restore(2, lake.archive.recovery, lake.archive.shelf, lake)]
        assert steps[-1].ended and all(step.ok for step in steps)
        assert await lake.things(ONE) == ["a", "b", "c", "d"]


async def test_restore_of_a_damaged_generation_changes_nothing(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        await lake.say("a", ONE)
        await lake.snapshots.make()
        newest = lake.archive.generations.newest()
        assert newest is not None
        shards = dict(lake.shards)
        _spoil(lake.archive.shelf.path(newest.files[ONE]))
        with pytest.raises(Corrupt, match=newest.files[ONE].file):
            async for _ in restore(0, lake.archive.recovery, lake.archive.shelf, lake):
                pass
        assert lake.shards == shards
        with pytest.raises(Missing, match="generation 7"):
            async for _ in restore(7, lake.archive.recovery, lake.archive.shelf, lake):
                pass


async def test_rewriting_leaves_one_generation(tmp_path: Path) -> None:
    """What has been forgotten since is in the older ones."""
    async with toy(tmp_path) as lake:
        for what in "ab":
            await lake.say(what, ONE)
            await lake.snapshots.make()
        old = _names(tmp_path / "shelf")
        await (await lake.shard(ONE)).database.write(_poison)
        await (await lake.shard(MEMORY)).database.write(_poison)
        async for _ in lake.snapshots.rewrite():
            pass
        assert [m.number for m in lake.archive.generations.all()] == [3]
        assert not old & _names(tmp_path / "shelf")


async def test_no_copy_holds_a_plain_byte(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        await lake.say("swordfish" * 50, ONE)
        await lake.snapshots.make()
        ram = b"".join(p.read_bytes() for p in (tmp_path / "ram").iterdir())
        assert b"swordfish" in ram, "the control"
        copies = list((tmp_path / "shelf").iterdir())
        assert copies and not any(b"swordfish" in p.read_bytes() for p in copies)


async def test_a_manifest_says_what_it_is_made_of(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        lsn = await lake.say("a", ONE)
        made = await lake.snapshots.make()
        assert (made.number, made.lsn, made.files, made.verified) == (1, lsn, 2, True)
        sizes = [p.stat().st_size for p in (tmp_path / "shelf").iterdir()]
        assert made.bytes == sum(sizes)
    body = json.loads((tmp_path / "generations" / "1.json").read_text())["body"]
    assert body["journal"] and set(body["files"]) == {MEMORY, ONE}


@pytest.mark.parametrize(
    ("grown", "behind", "age_ms", "wanted"),
    [
        (0, 0, 1 << 40, False),
        (0, 1, snapshot_room.AGE_MS, True),
        (0, 1, snapshot_room.AGE_MS - 1, False),
        (snapshot_room.GROWN_BYTES, 1, 0, True),
        (snapshot_room.GROWN_BYTES, 0, 0, False),
    ],
)
def test_a_snapshot_is_due_when_records_are_many_or_old(
    grown: int, behind: int, age_ms: int, wanted: bool
) -> None:
    assert snapshot_room.due(grown, behind, age_ms) is wanted


async def test_a_full_journal_is_cut_although_nothing_comes_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can come: it is refused. The first generation alone cuts nothing."""
    async with toy(tmp_path) as lake:
        await lake.say("a", ONE)
        snapshots = lake.snapshots
        assert not snapshots.is_due()
        await snapshots.make()
        monkeypatch.setattr(snapshot_room, "PRESSED_BYTES", 1)
        assert snapshots.is_due()
        await snapshots.make()
        assert lake.journal.first_lsn == 2
        assert not snapshots.is_due(), "another one would make no more room"


def _names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def _poison(db: apsw.Connection) -> None:
    db.execute("UPDATE things SET what='wrong'")


@pytest.mark.parametrize("which", [".db", ".2.db"])
async def test_one_damaged_file_of_a_shared_copy_costs_nothing(tmp_path: Path, which: str) -> None:
    async with toy(tmp_path) as lake:
        await lake.say("a", ONE)
        await lake.say("b", TWO)
        await lake.sleep(TWO)
        await lake.snapshots.make()
        assert len(list((tmp_path / "shelf").glob("*.2.db"))) == 0, "nobody shares yet"
        await lake.say("c", ONE)
        await lake.snapshots.make()
        digest = lake.asleep()[TWO].digest
        damaged = tmp_path / "shelf" / f"{digest}{which}"
        _spoil(damaged)
        with pytest.raises(Corrupt, match=str(damaged)):
            await lake.archive.shelf.examine(lake.asleep()[TWO])
    async with toy(tmp_path) as lake:
        assert damaged.exists(), "a sweep knows both"
        assert await lake.things(TWO) == ["b"]


async def test_a_second_file_goes_with_its_copy(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        await lake.say("a", ONE)
        await lake.snapshots.make()
        await lake.snapshots.make()
        assert list((tmp_path / "shelf").glob("*.2.db"))
        for what in "bc":
            await lake.say(what, ONE)
            await lake.snapshots.make()
        assert not list((tmp_path / "shelf").glob("*.2.db"))
