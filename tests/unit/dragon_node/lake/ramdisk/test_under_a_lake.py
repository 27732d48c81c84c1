"""What a whole lake does when its RAM disk is full, filled by others, or goes away under it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import Corrupt, OverLimit
from dragon_node.lake.ramdisk import SharedMemory, mounts
from dragon_node.lake.records import Note
from tests.support.lake import Laptop, contents, opened, ran, saved, seen
from tests.support.ramdisks import MOUNTED, Bench, bench, fill, pull_away

BUDGET = 64 << 20


@pytest.fixture(params=MOUNTED)
def mounted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Kinds that can be unmounted."""
    with bench(request.param, tmp_path) as made:
        yield made


async def test_unmounted_underneath_writes_stop_before_they_touch_the_ssd(mounted: Bench) -> None:
    """Lazily, as root can while files are open: what was opened before stays in memory."""
    disk = mounted.allocated(BUDGET)
    ram = mounted.home / "ram"
    with pytest.raises(BaseException) as ended:
        async with opened(mounted.home, ram=disk, budget_bytes=BUDGET) as lake:
            await Laptop(lake).send(seen())
            pull_away(ram)
            await lake.note(Note("feedback", {"remedy_id": "1", "verdict": "worked"}))
    assert _of(ended.value, (Corrupt,)), ended.value
    _nothing_below(ram)


async def test_unmounted_underneath_what_a_laptop_sends_is_refused(mounted: Bench) -> None:
    disk = mounted.allocated(BUDGET)
    ram = mounted.home / "ram"
    with pytest.raises(Corrupt):
        async with opened(mounted.home, ram=disk, budget_bytes=BUDGET) as lake:
            laptop = Laptop(lake)
            await laptop.send(seen())
            pull_away(ram)
            await laptop.send(saved("a.py", "source"), blobs=contents("source"))
    _nothing_below(ram)


async def test_others_fill_the_memory_that_is_shared_and_nothing_is_lost(tmp_path: Path) -> None:
    with bench("shm", tmp_path, 96 << 20) as made:
        disk = made.allocated(BUDGET)
        async with opened(made.home, ram=disk, budget_bytes=BUDGET) as lake:
            laptop = Laptop(lake)
            await laptop.send(seen())
            others = fill(made.shm)
            with pytest.raises(OverLimit, match="is full"):
                for number in range(200):
                    await laptop.send(*(ran(f"command {number}-{i}") for i in range(50)))
            acknowledged = laptop.seq - 50
            assert disk.usage().ballast_bytes == 0, "it let the refusal end in order"
            others.unlink()
            again = await lake.open_origin(laptop.origin, laptop.node, 1, laptop.seq)
            assert again.applied >= acknowledged
            assert disk.usage().ballast_bytes, "there is room: it is set aside again"
            laptop.seq = again.applied
            await laptop.send(ran("after it"))
            assert (await lake.stats()).events == laptop.seq


def test_a_lake_on_a_tmpfs_smaller_than_its_budget_refuses_and_lives(tmp_path: Path) -> None:
    """In a process of its own: SIGBUS would end it."""
    with bench("shm", tmp_path, 24 << 20) as made:
        ended = subprocess.run(
            [sys.executable, __file__, made.home, made.shm],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[5],
            env={"PYTHONPATH": ".", "PATH": "/usr/bin:/bin", "POSTDEVAI_HOME": str(made.home)},
        )
    assert ended.returncode == 0, ended.stderr[-2_000:]
    assert ended.stdout.startswith("refused: the RAM disk at"), ended.stdout


async def _feed(home: Path, shm: Path) -> None:
    """Sends source until it is refused."""
    disk = SharedMemory(home, shm=shm)
    disk.allocate(1 << 30)
    async with opened(home, ram=disk, budget_bytes=1 << 30) as lake:
        laptop = Laptop(lake)
        await laptop.send(seen())
        try:
            for number in range(2_000):
                text = "\n".join(f"def f_{number}_{i}(): return {i * number}" for i in range(400))
                await laptop.send(saved(f"m{number}.py", text), blobs=contents(text))
        except OverLimit as error:
            print("refused:", error.message)


def _nothing_below(ram: Path) -> None:
    assert not mounts.is_mount(ram)
    assert [path.name for path in ram.rglob("*")] == ["lake"]
    assert (ram / "lake").is_file()


def _of(error: BaseException, kind: tuple[type[BaseException], ...]) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_of(each, kind) for each in error.exceptions)
    return isinstance(error, kind)


if __name__ == "__main__":
    asyncio.run(_feed(Path(sys.argv[1]), Path(sys.argv[2])))
