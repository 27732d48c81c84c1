"""A directory in /dev/shm: memory without root. Others may fill it: a ballast is set aside."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from common.errors import Corrupt, Unavailable
from dragon_node.lake.ramdisk import mounts
from dragon_node.lake.ramdisk.disk import BackEnd
from dragon_node.lake.ramdisk.place import Place

SHM = Path("/dev/shm")


class SharedMemory(Place):
    """The budget is our own count there, and the file system is everybody's."""

    back_end: BackEnd = "shm"
    ram = True

    def __init__(self, home: Path, reason: str = "asked for", shm: Path = SHM) -> None:
        super().__init__(home, shm / f"postdevai-{os.geteuid()}-{_hash(home)}", reason)

    def allocate(self, budget_bytes: int) -> None:
        """Makes the directory and the ballast. Unavailable where it is not memory."""
        if not self.path.parent.is_dir():
            raise Unavailable(f"there is no {self.path.parent}")
        kind = mounts.file_system(self.path.parent)
        if kind not in mounts.MEMORY:
            raise Unavailable(f"{self.path.parent} is {kind or 'unknown'}, not memory")
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
        except FileExistsError:  # a link or a file: _claim says so
            pass
        except OSError as error:
            raise Unavailable(f"{self.path.parent}: {error.strerror}") from error
        self._claim()
        self._take_ballast(budget_bytes)

    def _look(self) -> None:
        if not self.path.is_dir() or mounts.file_system(self.path) not in mounts.MEMORY:
            raise Corrupt(
                f"{self.path} is no longer memory",
                hint="Start the Dragon again: it rebuilds the lake.",
            )


def _hash(home: Path) -> str:
    return hashlib.blake2b(os.fsencode(home.resolve()), digest_size=6).hexdigest()
