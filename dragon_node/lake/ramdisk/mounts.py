"""What the operating system says of file systems, and tmpfs mounts."""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import sys
from pathlib import Path

import psutil

from common.errors import Conflict, Unavailable

MEMORY = frozenset({"tmpfs", "ramfs"})
"""File systems that are memory."""


def boot_id() -> str:
    """Identity of this start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def is_mount(path: Path) -> bool:
    """Whether the directory lies on another device than its parent."""
    return path.is_dir() and path.stat().st_dev != path.parent.stat().st_dev


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
    if not sys.platform.startswith("linux"):
        raise Unavailable("tmpfs is a thing of Linux")
    flags = _MS_NOSUID | _MS_NODEV | (_MS_REMOUNT if remount else 0)
    done = _libc().mount(b"postdevai", os.fsencode(path), b"tmpfs", flags, options.encode())
    if done != 0:
        said = os.strerror(ctypes.get_errno())
        raise Unavailable(f"mount was refused ({said})", hint="It needs root; --ram shm does not.")


def unmount(path: Path) -> None:
    """umount2(2), never by force. Conflict while something in it is in use."""
    if _libc().umount2(os.fsencode(path), 0) == 0:
        return
    number = ctypes.get_errno()
    if number == errno.EBUSY:
        raise Conflict(f"{path} is in use")
    raise Unavailable(f"{path} cannot be unmounted: {os.strerror(number)}")


_MS_NOSUID, _MS_NODEV, _MS_REMOUNT = 2, 4, 32


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
