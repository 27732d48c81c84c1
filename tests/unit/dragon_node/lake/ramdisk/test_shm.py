"""/dev/shm is everybody's: what it is, and whose the directory in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Conflict, OverLimit, Unavailable
from dragon_node.lake.ramdisk import SharedMemory
from tests.support.ramdisks import BUDGET, bench, fill


def test_shared_memory_that_is_not_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not memory"):
        SharedMemory(tmp_path, shm=Path("/proc")).allocate(BUDGET)


def test_a_machine_without_it_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there is no"):
        SharedMemory(tmp_path, shm=tmp_path / "absent").allocate(BUDGET)


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    """Anybody may write in /dev/shm."""
    with bench("shm", tmp_path) as made:
        (tmp_path / "elsewhere").mkdir()
        made.disk().path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(Conflict, match="somebody else"):
            made.disk().allocate(BUDGET)


def test_where_not_even_the_ballast_fits_auto_may_look_on(tmp_path: Path) -> None:
    with bench("shm", tmp_path, 2 << 20) as made:
        with open(made.shm / "somebody-elses", "wb") as file:
            file.write(b"x" * (1 << 20))
        with pytest.raises(OverLimit, match="bytes left"):
            made.disk().allocate(BUDGET)
        assert not (made.disk().path / ".ballast").exists()


def test_the_ballast_of_others_is_no_ballast_of_ours(tmp_path: Path) -> None:
    """Two Dragons on one machine each keep their own."""
    with bench("shm", tmp_path) as made:
        first = made.allocated()
        second = made.disk(tmp_path / "other")
        second.allocate(BUDGET)
        fill(made.shm)
        first.relieve()
        assert second.usage().ballast_bytes
        assert not first.usage().ballast_bytes
