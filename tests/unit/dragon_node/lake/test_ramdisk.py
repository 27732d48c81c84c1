"""The RAM disk: never trust a path, and say what it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import Conflict, Corrupt, OverLimit, Unavailable
from dragon_node.lake import ramdisk
from dragon_node.lake.ramdisk import PlainDirectory, RamDisk, SharedMemory, TmpfsMount, choose

BUDGET = 32 << 20


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A Dragon's directory whose RAM disks are freed afterwards."""
    place = tmp_path / "dragon"
    place.mkdir()
    yield place
    ramdisk.detach(place)


def _shm(home: Path) -> SharedMemory:
    """In a directory that stands for /dev/shm, which a container may lack."""
    shm = home.parent / "shm"
    shm.mkdir(exist_ok=True)
    return SharedMemory(home, shm=shm)


@pytest.fixture
def memory_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ramdisk, "file_system", lambda path: "tmpfs")  # pyright: ignore


def test_two_homes_never_share_a_place(tmp_path: Path) -> None:
    a, b = tmp_path / "a" / "dragon", tmp_path / "b" / "dragon"
    for kind in (TmpfsMount, SharedMemory, PlainDirectory):
        assert kind(a).path != kind(b).path


@pytest.mark.usefixtures("memory_everywhere")
def test_the_same_home_finds_what_outlived_the_stop(home: Path) -> None:
    for make in (PlainDirectory, _shm):
        disk: RamDisk = make(home)
        disk.allocate(BUDGET)
        (disk.path / "kept").write_text("x")
        again: RamDisk = make(home)
        again.allocate(BUDGET)
        assert (again.path / "kept").read_text() == "x"


def test_what_another_boot_left_is_not_used(home: Path) -> None:
    """Files that were not synced before the machine went down may be anything."""
    disk = PlainDirectory(home)
    disk.allocate(BUDGET)
    (disk.path / "kept").write_text("x")
    marker = json.loads((disk.path / ramdisk.MARKER).read_text())
    (disk.path / ramdisk.MARKER).write_text(json.dumps(marker | {"boot": "earlier"}))
    PlainDirectory(home).allocate(BUDGET)
    assert not (disk.path / "kept").exists()


def test_a_directory_that_is_not_a_lake_is_left_alone(home: Path) -> None:
    place = PlainDirectory(home).path
    place.mkdir()
    (place / "thesis.tex").write_text("x")
    with pytest.raises(Conflict, match="not a lake"):
        PlainDirectory(home).allocate(BUDGET)
    assert (place / "thesis.tex").exists()


def test_a_marker_of_another_mesh_is_refused(home: Path) -> None:
    disk = PlainDirectory(home)
    disk.allocate(BUDGET)
    marker = json.loads((disk.path / ramdisk.MARKER).read_text())
    (disk.path / ramdisk.MARKER).write_text(json.dumps(marker | {"home": "/else"}))
    with pytest.raises(Conflict, match="/else"):
        PlainDirectory(home).allocate(BUDGET)
    with pytest.raises(Corrupt):
        disk.verify()


def test_a_link_in_its_place_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    PlainDirectory(home).path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict):
        PlainDirectory(home).allocate(BUDGET)


def test_shared_memory_that_is_not_memory_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ramdisk, "file_system", lambda path: "ext4")  # pyright: ignore
    with pytest.raises(Unavailable, match="ext4"):
        _shm(home).allocate(BUDGET)


@pytest.mark.usefixtures("memory_everywhere")
def test_the_ballast_is_real_and_is_released_when_the_disk_is_full(home: Path) -> None:
    disk = _shm(home)
    disk.allocate(BUDGET)
    before = disk.usage().used_bytes
    assert before >= BUDGET // 20, "a sparse ballast sets nothing aside"
    disk.relieve()
    assert disk.usage().used_bytes < before - BUDGET // 40


def test_auto_says_why_it_took_the_plain_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container without privileges: mount refused, 64 MB of /dev/shm."""

    def refused(path: Path, options: str, *, remount: bool = False) -> None:
        raise Unavailable("mount was refused (Operation not permitted)")

    monkeypatch.setattr(ramdisk, "mount", refused)
    disk = choose(home, "auto", 1 << 50)
    assert (disk.back_end, disk.ram) == ("directory", False)
    assert "Operation not permitted" in disk.reason
    assert "MiB free" in disk.reason


def test_what_was_asked_for_works_or_raises(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, options: str, *, remount: bool = False) -> None:
        raise Unavailable("mount was refused")

    monkeypatch.setattr(ramdisk, "mount", refused)
    with pytest.raises(Unavailable):
        choose(home, "tmpfs", BUDGET)


def test_detach_frees_every_kind(home: Path) -> None:
    disk = choose(home, "directory", BUDGET)
    assert ramdisk.detach(home) == [disk.path]
    assert not disk.path.exists()
    assert ramdisk.detach(home) == []


def test_it_does_not_shrink_below_what_is_used(home: Path) -> None:
    disk = PlainDirectory(home)
    disk.allocate(BUDGET)
    (disk.path / "big").write_bytes(os.urandom(200_000))
    with pytest.raises(OverLimit, match="bytes are in use"):
        disk.resize(100_000)
    disk.resize(1_000_000)


def test_a_mount_that_has_gone_is_noticed(home: Path) -> None:
    """An unmounted mount point silently writes to the SSD."""
    disk = TmpfsMount(home)
    try:
        disk.allocate(BUDGET)
    except Unavailable:
        # Without the right to mount: the same question about a directory that never was one.
        with pytest.raises(Corrupt, match="no longer mounted"):
            disk.verify()
        return
    disk.verify()
    assert disk.usage().free_bytes <= BUDGET * 2
    ramdisk.unmount(disk.path)
    with pytest.raises(Corrupt, match="no longer mounted"):
        disk.verify()
