"""A backup opens on another machine as it was, and only with its key."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.daemon.keys import read_key_file, sealing_key
from common.errors import Conflict, Corrupt, Denied, Invalid, Missing, PostDevAIError
from common.model.lake import LakeStep
from dragon_node.lake.recovery.backup import Backups, restore_backup
from dragon_node.lake.recovery.shelf import MEMORY
from dragon_node.lake.recovery.transfer import Place
from tests.support.recovery import KEY, ONE, TWO, Toy, toy


def _backups(lake: Toy, home: Path) -> Backups:
    place = Place(home, KEY)
    return Backups(place, home / "embeddings.db", lake.archive, lake.snapshots, lake.clock)


async def _all(steps: AsyncGenerator[LakeStep]) -> list[LakeStep]:
    return [step async for step in steps]


def _contents(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.rglob("*.db")]


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    """Of a lake with a project awake, one asleep, and a journal that was cut."""
    async with toy(tmp_path / "here", KEY) as lake:
        await lake.say("a", ONE)
        await lake.say("b", TWO)
        await lake.sleep(TWO)
        for what in "cde":
            await lake.say(what, ONE)
            await lake.snapshots.make()
        steps = await _all(
            _backups(lake, tmp_path / "here").steps(tmp_path / "backup", tmp_path / "key")
        )
        assert steps[-1].ended and str(tmp_path / "key") in steps[-1].sentence
        await lake.say("after", ONE)
    return tmp_path / "backup"


async def test_a_backup_opens_on_another_machine_as_it_was(tmp_path: Path, backup: Path) -> None:
    there = tmp_path / "there"
    await _all(restore_backup(backup, tmp_path / "key", there))
    async with toy(there, sealing_key(there)) as lake:
        assert list(lake.asleep()) == [TWO]
        assert await lake.things(ONE) == ["a", "c", "d", "e"]
        assert await lake.things(TWO) == ["b"]
        assert await lake.things(MEMORY) == ["a", "b", "c", "d", "e"]
        assert await lake.say("on", ONE) == 6, "positions go on where the backup ended"


async def test_a_backup_is_sealed_with_its_own_key(tmp_path: Path, backup: Path) -> None:
    there = tmp_path / "there"
    await _all(restore_backup(backup, tmp_path / "key", there))
    assert len({KEY.id, read_key_file(tmp_path / "key").id, sealing_key(there).id}) == 3
    assert not any(head.startswith(b"SQLite format 3") for head in _contents(backup))
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


async def test_the_key_may_not_lie_in_the_backup(tmp_path: Path) -> None:
    async with toy(tmp_path / "here", KEY) as lake:
        made = _backups(lake, tmp_path / "here")
        with pytest.raises(Invalid) as refused:
            await _all(made.steps(tmp_path / "to", tmp_path / "to" / "deep" / ".." / "key"))
        assert refused.value.field == "key_to"
        (tmp_path / "link").symlink_to(tmp_path / "to", target_is_directory=True)
        with pytest.raises(Invalid):
            await _all(made.steps(tmp_path / "to", tmp_path / "link" / "key"))
        with pytest.raises(Invalid):
            await _all(made.steps(Path("relative"), tmp_path / "key"))
        assert not (tmp_path / "to").exists()


async def test_nothing_that_is_there_is_overwritten(tmp_path: Path, backup: Path) -> None:
    async with toy(tmp_path / "here", KEY) as lake:
        made = _backups(lake, tmp_path / "here")
        with pytest.raises(Conflict):
            await _all(made.steps(backup, tmp_path / "other key"))
        with pytest.raises(Conflict):
            await _all(made.steps(tmp_path / "new", tmp_path / "key"))
    with pytest.raises(Conflict, match="holds a lake already"):
        await _all(restore_backup(backup, tmp_path / "key", tmp_path / "here"))


@pytest.mark.parametrize("name", ["journal.db", "MANIFEST.json", "shelf", "generations"])
async def test_a_damaged_backup_is_named_and_makes_no_lake(
    tmp_path: Path, backup: Path, name: str
) -> None:
    path = backup / name if (backup / name).is_file() else min((backup / name).iterdir())
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(Corrupt) as refused:
        await _all(restore_backup(backup, tmp_path / "key", tmp_path / "there"))
    assert str(path) in refused.value.message
    assert not (tmp_path / "there" / "journal.db").exists()


async def test_another_key_is_denied(tmp_path: Path, backup: Path) -> None:
    other = tmp_path / "other"
    other.write_text("ab" * 32)
    other.chmod(0o600)
    with pytest.raises(Denied, match="is sealed with key"):
        await _all(restore_backup(backup, other, tmp_path / "there"))
    with pytest.raises(Missing):
        await _all(restore_backup(tmp_path, other, tmp_path / "there"))


async def test_a_restore_that_was_stopped_starts_over(tmp_path: Path, backup: Path) -> None:
    there = tmp_path / "there"
    steps = restore_backup(backup, tmp_path / "key", there)
    async for step in steps:
        if step.step == "copy":
            break
    await steps.aclose()
    await _all(restore_backup(backup, tmp_path / "key", there))
    async with toy(there, sealing_key(there)) as lake:
        assert await lake.things(ONE) == ["a", "c", "d", "e"]


async def test_a_failed_backup_has_no_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with toy(tmp_path / "here", KEY) as lake:
        await lake.say("a", ONE)

        def full(*_: object) -> None:
            raise PostDevAIError("full")

        monkeypatch.setattr("dragon_node.lake.recovery.transfer.copied", full)
        with pytest.raises(PostDevAIError):
            await _all(_backups(lake, tmp_path / "here").steps(tmp_path / "b", tmp_path / "key"))
        assert not (tmp_path / "b" / "MANIFEST.json").exists()
        await lake.snapshots.make()
        assert await lake.things(ONE) == ["a"]


@pytest.mark.parametrize("taken", ["here", "here/shelf", "ram", "link"])
@pytest.mark.parametrize("field", ["to", "key_to"])
async def test_a_backup_may_not_lie_where_the_lake_lies(
    tmp_path: Path, taken: str, field: str
) -> None:
    async with toy(tmp_path / "here", KEY) as lake:
        await lake.say("a", ONE)
        (tmp_path / "link").symlink_to(tmp_path / "here", target_is_directory=True)
        home, ram = tmp_path / "here", tmp_path / "ram"
        made = Backups(
            Place(home, KEY), home / "none", lake.archive, lake.snapshots, lake.clock, ram
        )
        before = sorted(home.rglob("*"))
        where = {"to": tmp_path / "to", "key_to": tmp_path / "key"} | {
            field: tmp_path / taken / "b"
        }
        with pytest.raises(Invalid, match="where the lake itself lies") as refused:
            await _all(made.steps(where["to"], where["key_to"]))
        assert refused.value.field == field
        assert sorted(home.rglob("*")) == before


async def test_a_home_whose_journal_was_lost_forgets_its_map_of_those_asleep(
    tmp_path: Path, backup: Path
) -> None:
    here = tmp_path / "here"
    async with toy(here, KEY) as lake:
        for what in "xyz":
            await lake.say(what, ONE)
        await lake.sleep(ONE)
    for path in here.glob("journal.db*"):
        path.unlink()
    await _all(restore_backup(backup, tmp_path / "key", here))
    async with toy(here, sealing_key(here)) as lake:
        assert list(lake.asleep()) == [TWO]
        assert await lake.things(ONE) == ["a", "c", "d", "e"]


async def test_a_copy_that_is_ahead_of_the_journal_is_passed_over(
    tmp_path: Path, backup: Path
) -> None:
    here = tmp_path / "here"
    async with toy(here, KEY) as lake:
        for what in "xyz":
            await lake.say(what, ONE)
        await lake.sleep(ONE)
    stale = (here / "asleep.json").read_bytes()
    for path in here.glob("journal.db*"):
        path.unlink()
    await _all(restore_backup(backup, tmp_path / "key", here))
    (here / "asleep.json").write_bytes(stale)
    async with toy(here, sealing_key(here)) as lake:
        assert await lake.things(ONE) == ["a", "c", "d", "e"]
        assert "and the journal 5" in lake.archive.recovery.told[0]
