"""Which RAM disk is taken, and why no better one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import Unavailable
from dragon_node.config import parse
from dragon_node.lake import ramdisk
from dragon_node.lake.ramdisk import MARKER, choose, mounts
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


@pytest.mark.parametrize("kind", ["auto", "tmpfs", "shm", "hdiutil", "directory"])
def test_every_kind_can_be_asked_for(kind: str) -> None:
    assert parse(["--ram", kind]).ram == kind
