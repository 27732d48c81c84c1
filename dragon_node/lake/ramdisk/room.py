"""Room on a file system: counted in blocks, and taken so that it is really there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from common.errors import OverLimit

_STEP = 1 << 20


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


def free(path: Path) -> int:
    """Bytes that the file system would still take."""
    fs = os.statvfs(path)
    return fs.f_bavail * fs.f_frsize


def set_aside(path: Path, size: int) -> None:
    """A file of `size` bytes whose blocks are taken now. OverLimit, and no file, without room.

    A sparse file is a promise that a full tmpfs breaks by SIGBUS when it is mapped, so whoever
    maps a file for writing makes it here first.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _fill(descriptor, size)
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise OverLimit(
            f"{path.parent} has no {size:,} bytes left ({free(path.parent):,} are free)",
            hint="Free some memory there.",
        ) from error
    finally:
        os.close(descriptor)


def _fill(descriptor: int, size: int) -> None:
    if not size:
        return
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    for start in range(0, size, _STEP):  # macOS has no such call
        os.pwrite(descriptor, bytes(min(_STEP, size - start)), start)
