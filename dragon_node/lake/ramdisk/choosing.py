"""Which RAM disk a Dragon takes, and how all that it may have left are freed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from common.errors import OverLimit, Unavailable
from dragon_node.lake.ramdisk.disk import Choice, RamDisk
from dragon_node.lake.ramdisk.hdiutil import RamVolume
from dragon_node.lake.ramdisk.plain import PlainDirectory
from dragon_node.lake.ramdisk.room import count, free
from dragon_node.lake.ramdisk.shm import SHM, SharedMemory
from dragon_node.lake.ramdisk.tmpfs import TmpfsMount


def choose(home: Path, choice: Choice, budget_bytes: int) -> RamDisk:
    """The RAM disk of the Dragon whose state lies in `home`, allocated.

    "auto" takes memory that outlived the last stop, then the best that works, and `reason` says
    why the better ones did not. Any other choice works or raises. What another choice left of
    this home is freed: nobody would use it again.
    """
    chosen = _chosen(home, choice, budget_bytes)
    for other in _all(home):
        if other.path != chosen.path and other.is_ours:
            other.detach()
    return chosen


def _chosen(home: Path, choice: Choice, budget_bytes: int) -> RamDisk:
    if choice != "auto":
        return _allocated(_BY_NAME[choice](home, "asked for"), budget_bytes)
    for disk in _all(home):
        if disk.ram and disk.outlived:
            disk.reason = "it outlived the last stop"
            return _allocated(disk, budget_bytes)
    refused: list[str] = []
    for attempt in _attempts():
        try:
            return _allocated(attempt(home, "; ".join(refused), budget_bytes), budget_bytes)
        except (Unavailable, OverLimit) as error:
            refused.append(error.message)
    return _allocated(PlainDirectory(home, "; ".join(refused)), budget_bytes)


def detach(home: Path) -> list[Path]:
    """Frees whatever RAM disk this home has; the paths that were freed."""
    freed: list[Path] = []
    for place in _all(home):
        if place.is_there:
            place.detach()
            freed.append(place.path)
    return freed


def _all(home: Path) -> tuple[RamDisk, ...]:
    mounting: RamDisk = RamVolume(home) if _is_mac() else TmpfsMount(home)
    return mounting, SharedMemory(home), PlainDirectory(home)


def _allocated(disk: RamDisk, budget_bytes: int) -> RamDisk:
    disk.allocate(budget_bytes)
    disk.verify()
    return disk


Attempt = Callable[[Path, str, int], RamDisk]


def _attempts() -> tuple[Attempt, ...]:
    return (_hdiutil,) if _is_mac() else (_tmpfs, _shm)


def _is_mac() -> bool:
    return sys.platform == "darwin"


def _hdiutil(home: Path, refused: str, budget_bytes: int) -> RamDisk:
    return RamVolume(home, "a RAM disk of our own was allowed")


def _tmpfs(home: Path, refused: str, budget_bytes: int) -> RamDisk:
    return TmpfsMount(home, "a mount of our own was allowed")


def _shm(home: Path, refused: str, budget_bytes: int) -> RamDisk:
    disk = SharedMemory(home, refused)
    if not SHM.is_dir():
        raise Unavailable(f"there is no {SHM}")
    room = free(SHM) + (count(disk.path)[0] if disk.path.is_dir() else 0)
    if room < budget_bytes:
        raise Unavailable(
            f"{SHM} has {room >> 20:,} MiB free and {budget_bytes >> 20:,} MiB are wanted"
        )
    return disk


_BY_NAME: dict[str, Callable[[Path, str], RamDisk]] = {
    "tmpfs": TmpfsMount,
    "shm": SharedMemory,
    "hdiutil": RamVolume,
    "directory": PlainDirectory,
}
