"""Where the lake lies in memory: a tmpfs mount of our own, a directory in /dev/shm, or a plain one.

Layout: DIRECTORY/ram is the mount point of the tmpfs back end, /dev/shm/postdevai-UID-HASH the
directory of the shm back end (HASH from DIRECTORY, so that two meshes never share) and
DIRECTORY/not-ram the plain directory. In each lies the marker that says whose it is.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol

from common.errors import Conflict, Corrupt, OverLimit, Unavailable
from dragon_node.lake.mounts import boot_id, count, file_system, mount, unmount

BackEnd = Literal["tmpfs", "shm", "directory"]
Choice = Literal["auto", "tmpfs", "shm", "directory"]

MARKER = ".postdevai-lake"
BALLAST = ".ballast"
BALLAST_BYTES = 8 << 20
HEADROOM = 1.05
"""A mount is this much larger than the budget, for SQLite's own files."""
SHM = Path("/dev/shm")
MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs", "apfs-ram"})


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used and what there is."""

    used_bytes: int
    free_bytes: int
    """Of the file system: others may use it too."""
    files: int
    free_inodes: int
    """-1 when the file system does not count them."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Says whose RAM disk it is, and whether what lies there can be used again."""

    home: str
    back_end: BackEnd
    boot: str
    """Identity of this start of the machine: files from before a crash of it are not trusted."""


class RamDisk(Protocol):
    """A place for files that is memory, or says that it is not."""

    back_end: BackEnd
    ram: bool
    path: Path
    reason: str
    """Why this one was chosen."""

    def allocate(self, budget_bytes: int) -> None:
        """Makes it, or takes the one that is there when its marker is ours."""
        ...

    def verify(self) -> None:
        """Corrupt when it is no longer what was allocated: unmounted, replaced, not ours."""
        ...

    def resize(self, budget_bytes: int) -> None:
        """Grows or shrinks; OverLimit when more is used than that."""
        ...

    def usage(self) -> Usage:
        """Measured now."""
        ...

    def relieve(self) -> None:
        """The disk is full: gives back what was set aside for this moment."""
        ...

    def detach(self) -> None:
        """Frees the memory. What was there is gone."""
        ...


class _Place:
    """What the back ends share: the marker, and a count of what lies there."""

    back_end: BackEnd
    ram: bool

    def __init__(self, home: Path, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        self._marker = Marker(str(home.resolve()), self.back_end, boot_id())

    def usage(self) -> Usage:
        """Measured now."""
        used, files = count(self.path)
        fs = os.statvfs(self.path)
        inodes = fs.f_favail if fs.f_files else -1
        return Usage(used, fs.f_bavail * fs.f_frsize, files, inodes)

    def relieve(self) -> None:
        """Nothing is set aside here."""

    def _claim(self) -> None:
        """Takes the place when it is empty or ours, empties it when it is from another boot."""
        status = self.path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise Conflict(
                f"{self.path} belongs to somebody else", hint="Remove it, or choose another --ram."
            )
        self.path.chmod(0o700)
        found = self._read_marker()
        if found is None and any(p.name != BALLAST for p in self.path.iterdir()):
            raise Conflict(
                f"{self.path} is not empty and not a lake",
                hint="Look into it, then remove it or choose another --ram.",
            )
        if found is not None and found.home != self._marker.home:
            raise Conflict(f"{self.path} is the lake of {found.home}")
        if found is not None and found.boot != self._marker.boot:
            empty(self.path)
        (self.path / MARKER).write_text(json.dumps(asdict(self._marker)))

    def _read_marker(self) -> Marker | None:
        try:
            return Marker(**json.loads((self.path / MARKER).read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise Corrupt(f"{self.path / MARKER} cannot be read: {error}") from error

    def _verify_marker(self) -> None:
        if self._read_marker() != self._marker:
            raise Corrupt(
                f"{self.path} is not the RAM disk that was allocated",
                hint="It was unmounted or replaced. Start the Dragon again: it rebuilds the lake.",
            )


class PlainDirectory(_Place):
    """A directory on whatever disk that is: works everywhere and is NOT RAM."""

    back_end: BackEnd = "directory"
    ram = False

    def __init__(self, home: Path, reason: str = "asked for") -> None:
        super().__init__(home, home / "not-ram", reason)

    def allocate(self, budget_bytes: int) -> None:
        """Makes the directory."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._claim()

    def verify(self) -> None:
        """The marker is still ours."""
        self._verify_marker()

    def resize(self, budget_bytes: int) -> None:
        """The budget is our own count: nothing to do but to see that it fits."""
        _refuse_shrink(self.usage().used_bytes, budget_bytes)

    def detach(self) -> None:
        """Removes the directory."""
        shutil.rmtree(self.path, ignore_errors=True)


class SharedMemory(_Place):
    """A directory in /dev/shm: memory without root. Others may fill it: a ballast is set aside."""

    back_end: BackEnd = "shm"
    ram = True

    def __init__(self, home: Path, reason: str = "asked for", shm: Path = SHM) -> None:
        super().__init__(home, shm / f"postdevai-{os.geteuid()}-{_hash(home)}", reason)

    def allocate(self, budget_bytes: int) -> None:
        """Makes the directory and the ballast. Unavailable where it is not memory."""
        kind = file_system(self.path.parent)
        if kind not in MEMORY_FILE_SYSTEMS:
            raise Unavailable(f"{self.path.parent} is {kind or 'unknown'}, not memory")
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{self.path.parent}: {error.strerror}") from error
        self._claim()
        self._set_ballast(min(BALLAST_BYTES, budget_bytes // 20))

    def verify(self) -> None:
        """Still memory, and the marker is ours."""
        if file_system(self.path) not in MEMORY_FILE_SYSTEMS:
            raise Corrupt(f"{self.path} is no longer memory")
        self._verify_marker()

    def resize(self, budget_bytes: int) -> None:
        """The budget is our own count: nothing to do but to see that it fits."""
        _refuse_shrink(self.usage().used_bytes, budget_bytes)

    def relieve(self) -> None:
        """Releases the ballast, so that SQLite can end what it has begun."""
        (self.path / BALLAST).unlink(missing_ok=True)

    def detach(self) -> None:
        """Removes the directory."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _set_ballast(self, size: int) -> None:
        descriptor = os.open(self.path / BALLAST, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # A sparse file is a promise that a full tmpfs breaks; this is memory now.
            os.posix_fallocate(descriptor, 0, max(size, 1))
        except OSError as error:
            (self.path / BALLAST).unlink(missing_ok=True)
            if error.errno != errno.ENOSPC:
                raise
            raise OverLimit(
                f"{self.path.parent} has no {size:,} bytes left", hint="Free some memory there."
            ) from error
        finally:
            os.close(descriptor)


class TmpfsMount(_Place):
    """A tmpfs of our own, of the right size: needs root, and nobody else can fill it."""

    back_end: BackEnd = "tmpfs"
    ram = True

    def __init__(self, home: Path, reason: str = "asked for") -> None:
        super().__init__(home, home / "ram", reason)

    def allocate(self, budget_bytes: int) -> None:
        """Mounts it, or takes the mount that outlived the last stop. Unavailable when refused."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_mount(self.path):
            self._claim()
            self.resize(budget_bytes)
            return
        if any(self.path.iterdir()):
            raise Conflict(
                f"{self.path} should be an empty mount point and is not",
                hint="Files were written there while nothing was mounted. Move them away.",
            )
        mount(self.path, _mount_options(budget_bytes))
        self._claim()

    def verify(self) -> None:
        """Still a mount, of memory, and ours: an unmounted mount point writes to the SSD."""
        if not _is_mount(self.path):
            raise Corrupt(
                f"{self.path} is no longer mounted",
                hint="Start the Dragon again: it mounts and rebuilds the lake.",
            )
        if file_system(self.path) not in MEMORY_FILE_SYSTEMS:
            raise Corrupt(f"{self.path} is no longer memory")
        self._verify_marker()

    def resize(self, budget_bytes: int) -> None:
        """Remounts with another size, in milliseconds."""
        _refuse_shrink(self.usage().used_bytes, budget_bytes)
        mount(self.path, _mount_options(budget_bytes), remount=True)

    def detach(self) -> None:
        """Unmounts."""
        if _is_mount(self.path):
            unmount(self.path)
        shutil.rmtree(self.path, ignore_errors=True)


def choose(home: Path, choice: Choice, budget_bytes: int) -> RamDisk:
    """The RAM disk of the Dragon whose state lies in `home`, allocated.

    "auto" takes what outlived the last stop, then the best that works, and `reason` says why the
    better ones did not. Any other choice works or raises.
    """
    if choice != "auto":
        return _allocated(_BY_NAME[choice](home, "asked for"), budget_bytes)
    refused: list[str] = []
    for attempt in (_tmpfs, _shm):
        try:
            return _allocated(attempt(home, "; ".join(refused), budget_bytes), budget_bytes)
        except (Unavailable, OverLimit) as error:
            refused.append(error.message)
    return _allocated(PlainDirectory(home, "; ".join(refused)), budget_bytes)


def detach(home: Path) -> list[Path]:
    """Frees whatever RAM disk this home has; the paths that were freed."""
    freed: list[Path] = []
    for place in (TmpfsMount(home), SharedMemory(home), PlainDirectory(home)):
        if place.path.exists():
            place.detach()
            freed.append(place.path)
    return freed


def _allocated(disk: RamDisk, budget_bytes: int) -> RamDisk:
    disk.allocate(budget_bytes)
    disk.verify()
    return disk


def _tmpfs(home: Path, refused: str, budget_bytes: int) -> RamDisk:
    if not sys.platform.startswith("linux"):
        raise Unavailable("tmpfs is a thing of Linux")
    return TmpfsMount(home, "a mount of our own was allowed")


def _shm(home: Path, refused: str, budget_bytes: int) -> RamDisk:
    disk = SharedMemory(home, refused)
    if not SHM.is_dir():
        raise Unavailable("there is no /dev/shm")
    fs = os.statvfs(SHM)
    free = fs.f_bavail * fs.f_frsize + (count(disk.path)[0] if disk.path.is_dir() else 0)
    if free < budget_bytes:
        raise Unavailable(
            f"/dev/shm has {free >> 20:,} MiB free and {budget_bytes >> 20:,} MiB are wanted"
        )
    return disk


_BY_NAME: dict[str, Callable[[Path, str], RamDisk]] = {
    "tmpfs": TmpfsMount,
    "shm": SharedMemory,
    "directory": PlainDirectory,
}


def empty(path: Path) -> None:
    """Removes everything in it but the ballast."""
    for child in path.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        elif child.name != BALLAST:
            child.unlink()


def _mount_options(budget_bytes: int) -> str:
    return f"size={int(budget_bytes * HEADROOM) + BALLAST_BYTES},mode=0700"


def _is_mount(path: Path) -> bool:
    return path.is_dir() and path.stat().st_dev != path.parent.stat().st_dev


def _refuse_shrink(used: int, budget_bytes: int) -> None:
    if used > budget_bytes:
        raise OverLimit(
            f"{used:,} bytes are in use and the lake would have {budget_bytes:,}",
            hint="Choose a larger --lake-bytes, or free the RAM disk and let it be rebuilt.",
        )


def _hash(home: Path) -> str:
    return hashlib.blake2b(os.fsencode(home.resolve()), digest_size=6).hexdigest()
