"""Which RAM disk is taken, and why no better one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import OverLimit, Unavailable
from dragon_node.config import parse
from dragon_node.lake import ramdisk
from dragon_node.lake.ramdisk import MARKER, Choice, RamDisk, choose, mounts
from tests.support.ramdisks import BUDGET, mounted_or_skipped


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A Dragon's directory whose RAM disks are freed afterwards."""
    place = tmp_path / "dragon"
    place.mkdir()
    yield place
    ramdisk.detach(place)


@pytest.fixture
def no_mounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container without privileges."""

    def refused(path: Path, options: str, *, remount: bool = False) -> None:
        raise Unavailable("mount was refused (Operation not permitted)")

    monkeypatch.setattr(mounts, "mount", refused)


@pytest.mark.usefixtures("no_mounts")
def test_auto_says_why_it_took_the_plain_directory(home: Path) -> None:
    disk = choose(home, "auto", 1 << 50)
    assert (disk.back_end, disk.ram) == ("directory", False)
    assert "Operation not permitted" in disk.reason
    assert "MiB free" in disk.reason


@pytest.mark.usefixtures("no_mounts")
def test_a_refused_mount_leaves_no_mount_point_that_looks_used(home: Path) -> None:
    choose(home, "auto", 1 << 50)
    assert not (home / "ram").exists()


@pytest.mark.usefixtures("no_mounts")
def test_what_was_asked_for_works_or_raises(home: Path) -> None:
    with pytest.raises(Unavailable):
        choose(home, "tmpfs", BUDGET)


def test_hdiutil_on_another_system_is_refused_in_words(home: Path) -> None:
    with pytest.raises(Unavailable, match="there is no hdiutil here"):
        choose(home, "hdiutil", BUDGET)


def test_detach_frees_every_kind(home: Path) -> None:
    disk = choose(home, "directory", BUDGET)
    assert ramdisk.detach(home) == [disk.path]
    assert not disk.path.exists()
    assert ramdisk.detach(home) == []


def test_a_lake_from_before_it_had_a_directory_of_its_own_is_made_anew(home: Path) -> None:
    (home / "ram").mkdir()
    mounted_or_skipped(home / "ram", BUDGET)
    (home / "ram" / MARKER).write_text("{}")
    disk = choose(home, "tmpfs", BUDGET)
    assert os.listdir(home / "ram") == ["lake"]
    disk.verify()


def test_auto_takes_the_memory_that_outlived_the_stop_before_a_better_kind(home: Path) -> None:
    """Moving would mean to rebuild everything, and to hold the memory twice meanwhile."""
    kept = _or_skip(home, "shm")
    (kept.path / "kept").write_text("x")
    again = choose(home, "auto", BUDGET)
    assert (again.back_end, again.reason) == ("shm", "it outlived the last stop")
    assert (again.path / "kept").read_text() == "x"


def test_auto_takes_the_kept_lake_when_others_left_less_room_than_the_budget(home: Path) -> None:
    kept = _or_skip(home, "shm")
    kept.relieve()
    again = choose(home, "auto", 1 << 50)
    assert again.path == kept.path


def test_auto_leaves_a_plain_directory_for_memory(home: Path) -> None:
    plain = choose(home, "directory", BUDGET)
    disk = _or_skip(home, "auto")
    assert disk.ram
    assert not plain.path.exists(), "source would lie on the SSD for nobody"


def test_another_choice_frees_what_the_last_one_held(home: Path) -> None:
    first = _or_skip(home, "shm")
    choose(home, "directory", BUDGET)
    assert not first.path.exists()


def test_what_is_not_ours_is_not_freed(home: Path) -> None:
    (home / "not-ram").mkdir()
    (home / "not-ram" / "thesis.tex").write_text("x")
    _or_skip(home, "shm")
    assert (home / "not-ram" / "thesis.tex").exists()


def _or_skip(home: Path, choice: Choice) -> RamDisk:
    try:
        disk = choose(home, choice, BUDGET)
    except (Unavailable, OverLimit) as error:
        pytest.skip(error.message)
    if choice == "auto" and not disk.ram:
        pytest.skip(disk.reason)
    return disk


@pytest.mark.parametrize("kind", ["auto", "tmpfs", "shm", "hdiutil", "directory"])
def test_every_kind_can_be_asked_for(kind: str) -> None:
    assert parse(["--ram", kind]).ram == kind
