"""One suite over every RAM disk: never trust a path, and say what it is.

hdiutil runs on a scripted Mac whose volumes are real mounts of this machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import Conflict, Corrupt, OverLimit
from dragon_node.lake.ramdisk import BALLAST, MARKER
from tests.support.ramdisks import BUDGET, KINDS, Bench, bench, fill, holding


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """A bench for each kind."""
    with bench(request.param, tmp_path) as one:
        yield one


def test_it_says_what_it_is_and_whether_that_is_memory(made: Bench) -> None:
    disk = made.allocated()
    assert disk.back_end == made.kind
    assert disk.ram == (made.kind != "directory")


def test_two_homes_never_share_a_place(made: Bench) -> None:
    other = made.home.parent / "other" / "dragon"
    assert made.disk().path != made.disk(other).path


def test_the_same_home_finds_what_outlived_the_stop(made: Bench) -> None:
    (made.allocated().path / "kept").write_text("x")
    assert (made.allocated().path / "kept").read_text() == "x"


def test_what_another_boot_left_is_not_used(made: Bench) -> None:
    """Files that were not synced before the machine went down may be anything."""
    disk = made.allocated()
    (disk.path / "kept").write_text("x")
    _mark(disk.path, boot="earlier")
    assert not (made.allocated().path / "kept").exists()


def test_a_directory_that_is_not_a_lake_is_left_alone(made: Bench) -> None:
    disk = made.allocated()
    (disk.path / MARKER).unlink()
    (disk.path / "thesis.tex").write_text("x")
    with pytest.raises(Conflict, match="not a lake"):
        made.disk().allocate(BUDGET)
    assert (disk.path / "thesis.tex").exists()


def test_a_marker_of_another_mesh_is_refused(made: Bench) -> None:
    disk = made.allocated()
    _mark(disk.path, home="/else")
    with pytest.raises(Conflict, match="/else"):
        made.disk().allocate(BUDGET)
    with pytest.raises(Corrupt):
        disk.verify()


def test_a_marker_that_cannot_be_read_is_damage(made: Bench) -> None:
    disk = made.allocated()
    (disk.path / MARKER).write_text("{")
    with pytest.raises(Corrupt, match="cannot be read"):
        disk.verify()


def test_a_start_that_was_cut_short_while_claiming_can_be_repeated(made: Bench) -> None:
    disk = made.allocated()
    (disk.path / MARKER).rename(disk.path / f"{MARKER}.new")
    made.allocated()


def test_a_place_that_has_gone_is_noticed_before_anything_is_written(made: Bench) -> None:
    disk = made.allocated()
    disk.path.rename(disk.path.with_name("moved-away"))
    with pytest.raises(Corrupt):
        disk.verify()
    with pytest.raises(Corrupt):
        disk.usage()


def test_another_directory_in_its_place_is_noticed(made: Bench) -> None:
    disk = made.allocated()
    disk.path.rename(disk.path.with_name("moved-away"))
    disk.path.mkdir()
    with pytest.raises(Corrupt):
        disk.verify()


def test_verifying_reads_the_marker_only_when_it_has_changed(
    made: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked before every batch of writes."""
    disk = made.allocated()
    read: list[Path] = []
    reading = Path.read_text

    def seen(path: Path) -> str:
        read.append(path)
        return reading(path)

    monkeypatch.setattr(Path, "read_text", seen)
    for _ in range(3):
        disk.verify()
    assert not read
    _mark(disk.path)
    disk.verify()
    assert disk.path / MARKER in read
    read.clear()
    disk.verify()
    assert not read


def test_usage_counts_bytes_files_inodes_and_ballast(made: Bench) -> None:
    disk = made.allocated()
    before = disk.usage()
    (disk.path / "big").write_bytes(os.urandom(200_000))
    after = disk.usage()
    assert 200_000 <= after.used_bytes - before.used_bytes < 210_000
    assert after.files == before.files + 1
    assert after.free_inodes == before.free_inodes - 1 or made.kind == "directory"
    assert before.ballast_bytes == (BUDGET // 20 // 4096 + 1) * 4096 or made.kind == "directory"


def test_it_does_not_shrink_below_what_is_used(made: Bench) -> None:
    disk = made.allocated()
    (disk.path / "big").write_bytes(os.urandom(3_000_000))
    used = disk.usage().used_bytes
    with pytest.raises(OverLimit, match=f"{used:,} bytes are in use and the lake would have"):
        disk.resize(2_000_000)
    disk.verify()
    assert (disk.path / "big").stat().st_size == 3_000_000


def test_it_grows_and_shrinks_with_everything_in_it(made: Bench) -> None:
    disk = made.allocated()
    (disk.path / "projects").mkdir()
    (disk.path / "projects" / "one").write_text("kept")
    for budget in (2 * BUDGET, BUDGET // 2):
        disk.resize(budget)
        disk.verify()
        assert (disk.path / "projects" / "one").read_text() == "kept"
    assert disk.usage().free_bytes <= BUDGET or made.kind in ("shm", "directory")


def test_a_smaller_budget_finds_the_kept_lake_whole(made: Bench) -> None:
    """Making it fit is for who knows what may go: that is not the RAM disk."""
    disk = made.allocated()
    (disk.path / "big").write_bytes(os.urandom(8_000_000))
    again = made.allocated(4_000_000)
    assert (again.path / "big").stat().st_size == 8_000_000


def test_the_ballast_is_memory_that_is_really_taken(made: Bench) -> None:
    """A sparse one sets nothing aside."""
    if made.kind == "directory":
        pytest.skip("when that disk is full, so is the journal's")
    disk = made.allocated()
    free = disk.usage().free_bytes
    disk.relieve()
    assert disk.usage().ballast_bytes == 0
    assert disk.usage().free_bytes >= free + BUDGET // 20


def test_when_others_fill_the_disk_the_ballast_lets_us_end_and_comes_back(made: Bench) -> None:
    if made.kind == "directory":
        pytest.skip("not filled in a test")
    disk = made.allocated()
    others = fill(disk.path.parent)
    with pytest.raises(OSError, match="No space left"):
        (disk.path / "more").write_bytes(b"x" * 100_000)
    disk.relieve()
    (disk.path / "more").write_bytes(b"x" * 100_000)
    assert not disk.restore_ballast(), "there is room, but only just"
    assert not (disk.path / BALLAST).exists()
    others.unlink()
    assert disk.restore_ballast()
    assert disk.usage().ballast_bytes >= BUDGET // 20
    assert disk.restore_ballast(), "it is there already"


def test_detach_frees_it_and_can_be_said_again(made: Bench) -> None:
    disk = made.allocated()
    disk.detach()
    assert not disk.is_there
    assert not made.mac.disks
    assert not disk.path.exists()


def test_detach_while_a_file_is_open_says_who_and_frees_nothing(made: Bench) -> None:
    disk = made.allocated()
    (disk.path / "held").write_text("x")
    with holding(disk.path / "held") as pid, pytest.raises(Conflict, match=rf"pid {pid}\)"):
        disk.detach()
    disk.verify()
    assert (disk.path / "held").read_text() == "x"
    disk.detach()
    assert not disk.is_there


def _mark(path: Path, **changes: str) -> None:
    marker = json.loads((path / MARKER).read_text())
    (path / MARKER).write_text(json.dumps(marker | changes))
