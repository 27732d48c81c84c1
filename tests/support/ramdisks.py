"""RAM disks of every kind to test with, and processes that do things to them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.errors import Unavailable
from dragon_node.lake.ramdisk import (
    BackEnd,
    PlainDirectory,
    RamDisk,
    RamVolume,
    SharedMemory,
    TmpfsMount,
    mounts,
)
from tests.support.mac import ScriptedMac

BUDGET = 32 << 20
KINDS: tuple[BackEnd, ...] = ("tmpfs", "shm", "hdiutil", "directory")
MOUNTED: tuple[BackEnd, ...] = ("tmpfs", "hdiutil")


@dataclass(slots=True)
class Bench:
    """Makes disks of one kind for one home, as many starts of a Dragon would."""

    kind: BackEnd
    home: Path
    shm: Path
    mac: ScriptedMac = field(default_factory=ScriptedMac)

    def disk(self, home: Path | None = None) -> RamDisk:
        """Not yet allocated."""
        place = home or self.home
        makers: dict[BackEnd, Callable[[], RamDisk]] = {
            "tmpfs": lambda: TmpfsMount(place),
            "shm": lambda: SharedMemory(place, shm=self.shm),
            "hdiutil": lambda: RamVolume(place, commands=self.mac),
            "directory": lambda: PlainDirectory(place),
        }
        return makers[self.kind]()

    def allocated(self, budget_bytes: int = BUDGET) -> RamDisk:
        """Ready for use."""
        disk = self.disk()
        disk.allocate(budget_bytes)
        disk.verify()
        return disk


@contextmanager
def bench(kind: BackEnd, directory: Path, shm_bytes: int = 256 << 20) -> Generator[Bench]:
    """A home, and a tmpfs that stands for /dev/shm; everything is freed afterwards."""
    home, shm = directory / "dragon", directory / "shm"
    home.mkdir(exist_ok=True)
    shm.mkdir(exist_ok=True)
    if kind != "directory":
        mounted_or_skipped(shm, shm_bytes)
    made = Bench(kind, home, shm)
    try:
        yield made
    finally:
        for path in (home / "ram", home / "ram.next", shm):
            while mounts.is_mount(path):
                pull_away(path)


def pull_away(path: Path) -> None:
    """Unmounts although files are open there, as root can: they stay in memory until closed."""
    subprocess.run(["umount", "--lazy", path], check=True)


def mounted_or_skipped(path: Path, size: int) -> None:
    """A tmpfs; the test is skipped where nothing may be mounted."""
    try:
        mounts.mount(path, f"size={size},mode=0755")
    except Unavailable as error:
        pytest.skip(error.message)


@contextmanager
def holding(path: Path) -> Generator[int]:
    """Another process that has this file open; its pid."""
    script = f"f = open({str(path)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield process.pid
        process.communicate(b"\n")


def fill(path: Path) -> Path:
    """Takes all the room that is left, as somebody else would; the file that does."""
    filler = path / "somebody-elses"
    with open(filler, "ab", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler
