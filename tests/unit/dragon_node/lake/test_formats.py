"""A copy outlives the journal that it was made from: the next format brings it forward."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from common.errors import Corrupt
from common.model.lake import HistoryQuery
from dragon_node.lake import formats, shards
from dragon_node.lake.formats import FileSteps, brought_forward
from tests.support.lake import Laptop, opened, ran, seen

NEXT = shards.FORMAT_VERSION + 1


def _marked(db: apsw.Connection) -> None:
    db.execute("CREATE TABLE brought_forward(x)")


def _pretend(monkeypatch: pytest.MonkeyPatch, steps: FileSteps) -> None:
    """The next version of this program."""
    monkeypatch.setattr(shards, "FORMAT_VERSION", NEXT)
    monkeypatch.setattr(formats, "STEPS", steps)


async def _cut_lake(directory: Path) -> None:
    """Its journal no longer reaches back, and its RAM disk is lost; its project sleeps."""
    async with opened(directory) as lake:
        laptop = Laptop(lake)
        await laptop.send(seen(), ran())
        for _ in range(3):
            await laptop.send(ran())
            assert [step async for step in lake.snapshot()][-1].ended
        assert lake._journal.first_lsn > 1, "the control"
        await lake.sleep("thing")
    shutil.rmtree(directory / "not-ram")


async def _commands(directory: Path) -> int:
    async with opened(directory) as lake:
        return len((await lake.history(HistoryQuery(kind="command", project="thing"))).entries)


async def test_copies_are_brought_to_the_next_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _cut_lake(tmp_path)
    _pretend(monkeypatch, FileSteps(memory={NEXT: _marked}, project={NEXT: _marked}))
    assert await _commands(tmp_path) == 4
    assert await _commands(tmp_path) == 4, "and no step is taken twice"
    for path in (tmp_path / "not-ram").rglob("*.db"):
        with closing(apsw.Connection(str(path))) as db:
            assert db.execute("SELECT count(*) FROM brought_forward").get == 0
            stamp: str = db.execute("SELECT value FROM meta WHERE name='stamp'").get
            assert stamp.endswith(f" {NEXT}")


async def test_without_its_step_a_copy_is_corrupt_by_name_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _cut_lake(tmp_path)
    with monkeypatch.context() as patch:
        _pretend(patch, FileSteps(memory={}, project={}))
        with pytest.raises(Corrupt, match=f"nothing brings it to {NEXT}"):
            await _commands(tmp_path)
    assert await _commands(tmp_path) == 4


def test_a_step_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.db"
    with closing(apsw.Connection(str(path))) as db:
        db.execute(shards.META)
        db.execute("INSERT INTO meta VALUES('stamp', 'j 2')")

    def half(db: apsw.Connection) -> None:
        _marked(db)
        raise Corrupt("half")

    monkeypatch.setattr(shards, "FORMAT_VERSION", 4)
    steps = FileSteps(memory={}, project={3: lambda db: None, 4: half})
    with pytest.raises(Corrupt, match="half"):
        brought_forward(path, 2, steps)
    with closing(apsw.Connection(str(path))) as db:
        assert db.execute("SELECT value FROM meta WHERE name='stamp'").get == "j 3"
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name='brought_forward'").fetchall()
