"""What the back ends share: the marker, the ballast, and a count of what lies there."""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from common.errors import Conflict, Corrupt, OverLimit
from dragon_node.lake.ramdisk.disk import BALLAST, MARKER, BackEnd, Usage
from dragon_node.lake.ramdisk.holders import holders, named
from dragon_node.lake.ramdisk.mounts import boot_id
from dragon_node.lake.ramdisk.room import count, free, set_aside

BALLAST_BYTES = 8 << 20
BALLAST_SHARE = 20
"""The ballast is at most this part of the budget."""
HEADROOM = 1.05
"""A mount is this much larger than the budget, for SQLite's own files."""

_NEW_MARKER = f"{MARKER}.new"
_BEGUN = (BALLAST, _NEW_MARKER)
"""What a start that was cut short leaves in a place that it had not claimed yet."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Says whose RAM disk it is, and whether what lies there can be used again."""

    home: str
    back_end: BackEnd
    boot: str
    """Identity of this start of the machine: files from before a crash of it are not trusted."""


class Place:
    """A directory that is claimed by a marker."""

    back_end: BackEnd
    ram: bool

    def __init__(self, home: Path, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        self._marker = Marker(str(home.resolve()), self.back_end, boot_id())
        self._ballast_bytes = 0
        self._kept = False
        self._known: tuple[int, int, int] | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is anything to free."""
        return self.path.exists()

    @property
    def is_ours(self) -> bool:
        """Whether a lake of this home lies there, from whichever start of the machine."""
        found = self._legible_marker()
        return found is not None and found.home == self._marker.home

    @property
    def outlived(self) -> bool:
        """Whether the lake there can be used again as it is."""
        return self._legible_marker() == self._marker

    def verify(self) -> None:
        """One stat of the marker; only when that has changed, all of what was allocated."""
        seen = self._seen()
        if seen is not None and seen == self._known:
            return
        self._look()
        self._verify_marker()
        self._known = self._seen()

    def usage(self) -> Usage:
        """Measured now. Corrupt when the directory has gone."""
        try:
            used, files = count(self.path)
            fs = os.statvfs(self.path)
        except OSError as error:
            raise Corrupt(f"{self.path} cannot be measured: {error.strerror}") from error
        inodes = fs.f_favail if fs.f_files else -1
        ballast = self._held_ballast()
        return Usage(used, fs.f_bavail * fs.f_frsize, files, inodes, ballast)

    def resize(self, budget_bytes: int) -> None:
        """The budget is our own count: nothing to do but to see that it fits."""
        self._refuse_shrink(budget_bytes)

    def relieve(self) -> None:
        """Releases the ballast, so that SQLite can end what it has begun."""
        (self.path / BALLAST).unlink(missing_ok=True)

    def restore_ballast(self) -> bool:
        """Only with as much room besides: else the next write would be where this began."""
        wanted = self._ballast_bytes
        if self._held_ballast() >= wanted:
            return True
        if free(self.path) < 2 * wanted:
            return False
        try:
            set_aside(self.path / BALLAST, wanted)
        except OverLimit:  # others were quicker
            return False
        return True

    def detach(self) -> None:
        """Removes the directory. Conflict, with who, while something in it is in use."""
        self._refuse_busy()
        shutil.rmtree(self.path)

    def _look(self) -> None:
        """Corrupt when it is not what this back end allocated; the marker is looked at later."""

    def _claim(self) -> None:
        """Takes the place when it is empty or ours, empties it when it is from another boot."""
        status = self.path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise Conflict(
                f"{self.path} belongs to somebody else", hint="Remove it, or choose another --ram."
            )
        self.path.chmod(0o700)
        found = self._read_marker()
        if found is None and any(p.name not in _BEGUN for p in self.path.iterdir()):
            raise Conflict(
                f"{self.path} is not empty and not a lake",
                hint="Look into it, then remove it or choose another --ram.",
            )
        if found is not None and found.home != self._marker.home:
            raise Conflict(f"{self.path} is the lake of {found.home}")
        self._kept = found is not None and found.boot == self._marker.boot
        if not self._kept:
            empty(self.path)
        beside = self.path / _NEW_MARKER
        beside.write_text(json.dumps(asdict(self._marker)))
        beside.replace(self.path / MARKER)

    def _take_ballast(self, budget_bytes: int) -> None:
        """OverLimit when there is no room even for that; a lake that was kept does without."""
        self._ballast_bytes = min(BALLAST_BYTES, budget_bytes // BALLAST_SHARE)
        if self._kept:
            self.restore_ballast()
        elif self._held_ballast() < self._ballast_bytes:
            set_aside(self.path / BALLAST, self._ballast_bytes)

    def _held_ballast(self) -> int:
        try:
            return (self.path / BALLAST).stat().st_blocks * 512
        except OSError:
            return 0

    def _seen(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self.path / MARKER)
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_mtime_ns

    def _legible_marker(self) -> Marker | None:
        try:
            return self._read_marker()
        except Corrupt:
            return None

    def _read_marker(self) -> Marker | None:
        try:
            return Marker(**json.loads((self.path / MARKER).read_text()))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, TypeError) as error:
            raise Corrupt(
                f"{self.path / MARKER} cannot be read: {error}",
                hint="Type: dragon-node free. The lake is rebuilt at the next start.",
            ) from error

    def _verify_marker(self) -> None:
        if self._read_marker() != self._marker:
            raise Corrupt(
                f"{self.path} is not the RAM disk that was allocated",
                hint="It was unmounted or replaced. Start the Dragon again: it rebuilds the lake.",
            )

    def _refuse_shrink(self, budget_bytes: int) -> None:
        used = self.usage().used_bytes
        if used > budget_bytes:
            raise OverLimit(
                f"{used:,} bytes are in use and the lake would have {budget_bytes:,}",
                hint="Choose a larger --lake-bytes (POSTDEVAI_LAKE_BYTES), "
                "or free the RAM disk and let it be rebuilt.",
            )

    def _refuse_busy(self) -> None:
        if who := holders(self.path):
            raise busy(self.path, named(who))


def busy(path: Path, who: str) -> Conflict:
    """It is never freed under somebody's feet."""
    return Conflict(f"{path} is in use by {who}", hint="End that, then free the RAM disk again.")


def empty(path: Path) -> None:
    """Removes everything in it but the ballast."""
    for child in path.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        elif child.name != BALLAST:
            child.unlink()


def mount_bytes(budget_bytes: int) -> int:
    """The size of a file system of our own for this budget."""
    return int(budget_bytes * HEADROOM) + BALLAST_BYTES
