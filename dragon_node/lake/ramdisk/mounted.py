"""A mount point of our own, that is a dead end while nothing is mounted there."""

from __future__ import annotations

from pathlib import Path

from common.errors import Conflict, Corrupt
from dragon_node.lake.ramdisk import mounts
from dragon_node.lake.ramdisk.disk import MARKER
from dragon_node.lake.ramdisk.place import Place

_BELOW = b"The lake lies here while its RAM disk is mounted. This file keeps it off the SSD.\n"


class Mounted(Place):
    """What lies in HOME/ram/lake, on a file system that is mounted at HOME/ram.

    Below the mount, `lake` is a file. Permissions would not stop root from writing on below an
    unmounted mount point; a path through a file stops everybody.
    """

    def __init__(self, home: Path, reason: str, mount_point: str = "ram") -> None:
        self.mount_point = home / mount_point
        super().__init__(home, self.mount_point / "lake", reason)

    @property
    def is_there(self) -> bool:
        """Whether there is anything to free."""
        return self.mount_point.exists()

    def _close_below(self) -> None:
        """Makes the mount point. Conflict when something was written there with nothing mounted."""
        self.mount_point.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(child != self.path for child in self.mount_point.iterdir()) or self.path.is_dir():
            raise Conflict(
                f"{self.mount_point} should be an empty mount point and is not",
                hint="Files were written there while nothing was mounted. Move them away.",
            )
        if not self.path.exists():
            self.path.write_bytes(_BELOW)

    def _claim_mounted(self) -> None:
        """Takes the lake on what is mounted there."""
        if not self.path.exists() and (others := sorted(self.mount_point.iterdir())):
            known = (".metadata_never_index", ".fseventsd", ".Spotlight-V100", ".Trashes")
            if any(other.name not in known for other in others):
                raise Conflict(
                    f"something else is mounted at {self.mount_point}", hint="Unmount it."
                )
        self.path.mkdir(mode=0o700, exist_ok=True)
        self._claim()

    def _is_of_before(self) -> bool:
        """Whether a lake of ours lies there as it did until it had a directory of its own."""
        return (self.mount_point / MARKER).is_file()

    def _remove_below(self) -> None:
        self.path.unlink(missing_ok=True)
        if self.mount_point.is_dir():
            self.mount_point.rmdir()

    def _look(self) -> None:
        if not mounts.is_mount(self.mount_point):
            raise Corrupt(
                f"{self.mount_point} is no longer mounted",
                hint="Start the Dragon again: it mounts and rebuilds the lake.",
            )
