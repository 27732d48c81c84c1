"""A mount point that is a dead end while nothing is mounted: nothing reaches the SSD below."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import Conflict, Corrupt
from dragon_node.lake.ramdisk import MARKER, mounts
from tests.support.ramdisks import BUDGET, MOUNTED, Bench, bench


@pytest.fixture(params=MOUNTED)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """A bench for each kind that mounts."""
    with bench(request.param, tmp_path) as one:
        yield one


def test_a_mount_that_has_gone_is_noticed(made: Bench) -> None:
    disk = made.allocated()
    mounts.unmount(made.home / "ram")
    with pytest.raises(Corrupt, match="no longer mounted"):
        disk.verify()


def test_below_an_unmounted_mount_point_nothing_can_be_written_not_even_by_root(
    made: Bench,
) -> None:
    """Whoever writes between the unmount and the next look fails, and the SSD gets nothing."""
    disk = made.allocated()
    mounts.unmount(made.home / "ram")
    with pytest.raises(OSError, match="Not a directory"):
        (disk.path / "words").mkdir(parents=True)
    with pytest.raises(OSError, match="Not a directory"):
        (disk.path / "code").write_text("source")
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(disk.path / "memory.db").execute("CREATE TABLE t(x)")
    assert [p.name for p in (made.home / "ram").iterdir()] == ["lake"]


def test_after_an_unmount_the_next_start_mounts_afresh(made: Bench) -> None:
    disk = made.allocated()
    (disk.path / "lost").write_text("x")
    mounts.unmount(made.home / "ram")
    again = made.allocated()
    assert [p.name for p in again.path.iterdir() if p.name not in (MARKER, ".ballast")] == []


def test_another_mount_over_ours_is_noticed(made: Bench) -> None:
    disk = made.allocated()
    mounts.mount(made.home / "ram", "size=1m")
    with pytest.raises(Corrupt):
        disk.verify()


def test_somebody_elses_mount_in_our_place_is_left_alone(made: Bench) -> None:
    if made.kind == "hdiutil":
        pytest.skip("that is asked of the device")
    (made.home / "ram").mkdir()
    mounts.mount(made.home / "ram", "size=1m")
    (made.home / "ram" / "thesis.tex").write_text("x")
    with pytest.raises(Conflict, match="something else is mounted"):
        made.disk().allocate(BUDGET)


def test_files_below_the_mount_point_are_not_buried(made: Bench) -> None:
    (made.home / "ram").mkdir()
    (made.home / "ram" / "memory.db").write_text("x")
    with pytest.raises(Conflict, match="should be an empty mount point"):
        made.disk().allocate(BUDGET)


def test_a_process_that_works_there_is_named(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = made.allocated()
    (disk.path / "words").mkdir()
    with monkeypatch.context() as inside:
        inside.chdir(disk.path / "words")
        with pytest.raises(Conflict, match=rf"pid {os.getpid()}\)"):
            disk.detach()
