"""What the operating system says of places for files, and tmpfs mounts."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from pathlib import Path

import psutil

from common.errors import Unavailable


def count(path: Path) -> tuple[int, int]:
    """Bytes that files below take in blocks, and how many files; files that vanish count none."""
    used = files = 0
    stack = [path]
    while stack:
        try:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(Path(entry.path))
                    else:
                        used += entry.stat(follow_symlinks=False).st_blocks * 512
                        files += 1
        except FileNotFoundError:
            continue
    return used, files


def boot_id() -> str:
    """Identity of this start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def file_system(path: Path) -> str:
    """Name of the file system that holds the path; empty when it cannot be told."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return ""
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in lines:
        left, _, right = line.partition(" - ")
        if left.split()[2] == wanted:
            return right.split()[0]
    return ""


def mount(path: Path, options: str, *, remount: bool = False) -> None:
    """mount(2) of a tmpfs; Unavailable with the reason when it is refused."""
    flags = _MS_NOSUID | _MS_NODEV | (_MS_REMOUNT if remount else 0)
    done = _libc().mount(b"postdevai", os.fsencode(path), b"tmpfs", flags, options.encode())
    if done != 0:
        said = os.strerror(ctypes.get_errno())
        raise Unavailable(f"mount was refused ({said})", hint="It needs root; --ram shm does not.")


def unmount(path: Path) -> None:
    """umount2(2), detaching what is still in use."""
    if _libc().umount2(os.fsencode(path), _MNT_DETACH) != 0:
        raise Unavailable(f"{path} cannot be unmounted: {os.strerror(ctypes.get_errno())}")


_MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MNT_DETACH = 2, 4, 32, 2


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
