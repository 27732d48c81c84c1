"""Reading everything: what is damaged is named, what is whole is said to be."""

from __future__ import annotations

from pathlib import Path

import apsw

from common.model.lake import LakeStep
from dragon_node.lake.recovery.verify import Verification
from tests.support.recovery import KEY, ONE, TWO, Toy, toy


async def _wrong(lake: Toy, **others: Path) -> list[str]:
    made = Verification(lake.archive, lake.journal, lake, lake.readers, others)
    steps = [step async for step in made.steps()]
    assert steps[-1].ended
    assert steps[-1].ok is all(step.ok for step in steps[:-1])
    return [step.sentence for step in steps[:-1] if not step.ok]


async def _filled(lake: Toy) -> None:
    await lake.say("a", ONE)
    await lake.say("b", TWO)
    await lake.sleep(TWO)
    for what in "cd":
        await lake.say(what, ONE)
        await lake.snapshots.make()


def _spoil(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


async def test_everything_whole_is_said_to_be(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        await _filled(lake)
        made = Verification(lake.archive, lake.journal, lake, lake.readers, {})
        steps = [step async for step in made.steps()]
    assert steps[-1] == LakeStep("verify", 1, 1, "everything is whole", ended=True)
    assert {"journal", "shelf", "files"} <= {step.step for step in steps}


async def test_a_damaged_copy_and_a_damaged_manifest_are_named(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        await _filled(lake)
        newest = lake.archive.generations.newest()
        assert newest is not None
        copy = lake.archive.shelf.path(newest.files[TWO])
        manifest = tmp_path / "generations" / "1.json"
        for path in (copy, manifest):
            _spoil(path)
        wrong = await _wrong(lake)
        assert all(any(str(path) in each for each in wrong) for path in (copy, manifest)), wrong
        assert len(wrong) == 2


async def test_a_record_that_cannot_be_read_is_named_by_its_position(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        await _filled(lake)
        with apsw.Connection(str(lake.journal.path)) as db:
            db.execute("UPDATE records SET body=x'ff' WHERE lsn=4")
            db.execute("DELETE FROM records WHERE lsn=3")
            db.execute("UPDATE meta SET value='2' WHERE name='first_lsn'")
        lake.journal.first_lsn = 2
        wrong = await _wrong(lake)
        assert any("record 4" in each for each in wrong)
        assert any("record 3: it is missing" in each for each in wrong)


async def test_a_damaged_page_of_the_journal_is_named_by_the_records_on_it(
    tmp_path: Path,
) -> None:
    """Its pages are authenticated: whatever bit has changed."""
    async with toy(tmp_path, KEY) as lake:
        for number in range(200):
            await lake.say(f"{number} " + "x" * 300, ONE)
    _spoil(tmp_path / "journal.db")
    async with toy(tmp_path, KEY) as lake:
        wrong = await _wrong(lake)
        assert any("journal.db, record " in each for each in wrong), wrong
        assert len(wrong) < 50, "the others are whole"


async def test_a_damaged_file_on_the_ram_disk_is_named(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        for number in range(300):
            await lake.say(f"{number} " + "x" * 300, ONE)
        await lake.put_away(ONE)
        await lake.shard(ONE)
        path = lake.path(ONE)
    raw = bytearray(path.read_bytes())
    raw[4096 * 5 : 4096 * 6] = b"\xff" * 4096
    path.write_bytes(raw)
    async with toy(tmp_path) as lake:
        wrong = await _wrong(lake)
        assert any(str(path) in each for each in wrong), wrong


async def test_other_files_are_read_too(tmp_path: Path) -> None:
    async with toy(tmp_path) as lake:
        (tmp_path / "embeddings.db").write_bytes(b"this is not SQLite" * 100)
        wrong = await _wrong(lake, embeddings=tmp_path / "embeddings.db")
        assert any("embeddings.db" in each for each in wrong)
