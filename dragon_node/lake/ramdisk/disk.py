"""What a RAM disk is to the rest of the lake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

BackEnd = Literal["tmpfs", "shm", "hdiutil", "directory"]
Choice = Literal["auto", "tmpfs", "shm", "hdiutil", "directory"]

MARKER = ".postdevai-lake"
BALLAST = ".ballast"


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used and what there is."""

    used_bytes: int
    """In blocks, the ballast with it."""
    free_bytes: int
    """Of the file system: others may use it too."""
    files: int
    free_inodes: int
    """-1 when the file system does not count them."""
    ballast_bytes: int = 0
    """Set aside for the moment when the disk is full; 0 while that moment lasts."""


class RamDisk(Protocol):
    """A place for files that is memory, or says that it is not."""

    back_end: BackEnd
    ram: bool
    path: Path
    """Where the lake's files lie."""
    reason: str
    """Why this one was chosen."""

    @property
    def is_there(self) -> bool:
        """Whether there is anything to free."""
        ...

    @property
    def is_ours(self) -> bool:
        """Whether a lake of this home lies there, from whichever start of the machine."""
        ...

    @property
    def outlived(self) -> bool:
        """Whether the lake there can be used again as it is."""
        ...

    def allocate(self, budget_bytes: int) -> None:
        """Makes it, or takes the one that is there when its marker is ours, however full.

        Unavailable when this machine has no such thing, Conflict when something else is there,
        OverLimit when the memory is not to be had.
        """
        ...

    def verify(self) -> None:
        """Corrupt when it is no longer what was allocated: unmounted, replaced, not ours.

        One stat while nothing has changed: cheap enough before every batch of writes.
        """
        ...

    def resize(self, budget_bytes: int) -> None:
        """Grows or shrinks; OverLimit, with both numbers, when more is used than that."""
        ...

    def usage(self) -> Usage:
        """Measured now."""
        ...

    def relieve(self) -> None:
        """The disk is full: gives back what was set aside for this moment."""
        ...

    def restore_ballast(self) -> bool:
        """Sets it aside again; False while there is no room for it and as much again."""
        ...

    def detach(self) -> None:
        """Frees the memory; what was there is gone. Conflict, with who, while it is in use."""
        ...
