"""The RAM disk of macOS, on recorded forms of what its programs say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import Conflict, Corrupt, OverLimit, Unavailable
from dragon_node.lake.ramdisk import RamVolume, mounts
from tests.support.ramdisks import BUDGET, Bench, bench, holding


@pytest.fixture
def mac(tmp_path: Path) -> Iterator[Bench]:
    """A Mac."""
    with bench("hdiutil", tmp_path) as one:
        yield one


def test_it_is_made_by_verbs_that_name_what_they_made(mac: Bench) -> None:
    mac.allocated()
    sectors = mac.mac.disks[0].sectors
    assert sectors * 512 >= BUDGET
    assert mac.mac.asked[:3] == [
        f"hdiutil attach -nomount ram://{sectors}",
        "diskutil apfs createContainer disk4",
        f"diskutil apfs addVolume disk5 APFSX postdevai -mountpoint {mac.home / 'ram'}",
    ]


def test_spotlight_is_told_not_to_read_it(mac: Bench) -> None:
    mac.allocated()
    assert (mac.home / "ram" / ".metadata_never_index").exists()


def test_verifying_again_asks_no_program(mac: Bench) -> None:
    disk = mac.allocated()
    mac.mac.asked.clear()
    disk.verify()
    assert mac.mac.asked == []


@pytest.mark.parametrize("step", ["hdiutil attach", "diskutil apfs create", "diskutil apfs add"])
def test_a_refused_step_leaves_no_memory_behind(mac: Bench, step: str) -> None:
    mac.mac.refuse = step
    with pytest.raises(Unavailable, match="Operation not permitted"):
        mac.disk().allocate(BUDGET)
    assert mac.mac.disks == []
    mac.allocated()


def test_a_stop_between_attaching_and_mounting_leaks_nothing(mac: Bench) -> None:
    disk = mac.disk()
    assert isinstance(disk, RamVolume)
    disk._make(BUDGET, _empty(mac.home / "ram"), mac.home / "ram.device")
    mounts.unmount(mac.home / "ram")
    mac.mac.disks[0].mount_point = None
    mac.allocated()
    assert len(mac.mac.disks) == 1


def test_a_device_of_an_earlier_start_of_the_machine_is_not_ejected(mac: Bench) -> None:
    """Its name belongs to something else now."""
    mac.mac.run("hdiutil", "attach", "-nomount", "ram://2048")
    (mac.home / "ram.device").write_text("earlier disk4\n")
    mac.allocated()
    assert [d.name for d in mac.mac.disks] == ["disk4", "disk5"]


def test_a_disk_mounted_there_that_is_no_memory_is_refused(mac: Bench) -> None:
    mounts.mount(_empty(mac.home / "ram"), "size=1m")
    with pytest.raises(Unavailable, match="lies on disk0s2, not on a RAM disk"):
        mac.disk().allocate(BUDGET)


def test_an_ssd_mounted_over_it_is_noticed(mac: Bench) -> None:
    disk = mac.allocated()
    mac.mac.disks[0].mount_point = None
    (disk.path / ".postdevai-lake").touch()
    with pytest.raises(Corrupt, match="not on a RAM disk"):
        disk.verify()


def test_resizing_makes_another_copies_and_swaps(mac: Bench) -> None:
    disk = mac.allocated()
    (disk.path / "kept").write_text("x")
    disk.resize(2 * BUDGET)
    assert [d.name for d in mac.mac.disks] == ["disk6"]
    assert (disk.path / "kept").read_text() == "x"
    assert not (mac.home / "ram.next").exists()
    assert (mac.home / "ram.device").read_text().endswith(" disk6\n")


def test_resizing_to_the_size_that_it_has_does_nothing(mac: Bench) -> None:
    disk = mac.allocated()
    disk.resize(BUDGET)
    assert [d.name for d in mac.mac.disks] == ["disk4"]


def test_resizing_while_a_file_is_open_is_refused_and_all_is_as_it_was(mac: Bench) -> None:
    disk = mac.allocated()
    (disk.path / "held").write_text("x")
    with holding(disk.path / "held") as pid, pytest.raises(Conflict, match=f"pid {pid}"):
        disk.resize(2 * BUDGET)
    assert [d.name for d in mac.mac.disks] == ["disk4"]
    disk.verify()


def test_a_second_disk_that_does_not_fit_leaves_the_first(mac: Bench) -> None:
    disk = mac.allocated()
    (disk.path / "kept").write_text("x")
    mac.mac.refuse = "hdiutil attach"
    with pytest.raises(Unavailable):
        disk.resize(2 * BUDGET)
    disk.verify()
    assert (disk.path / "kept").read_text() == "x"
    with pytest.raises(OverLimit):
        disk.resize(1)


def _empty(path: Path) -> Path:
    path.mkdir()
    return path
