"""A tmpfs of our own, of the right size: needs root, and nobody else can fill it."""

from __future__ import annotations

from pathlib import Path

from common.errors import Conflict, Corrupt, Unavailable
from dragon_node.lake.ramdisk import mounts
from dragon_node.lake.ramdisk.disk import BackEnd
from dragon_node.lake.ramdisk.holders import holders, named
from dragon_node.lake.ramdisk.mounted import Mounted
from dragon_node.lake.ramdisk.place import busy, mount_bytes


class TmpfsMount(Mounted):
    """Grows and shrinks by a remount, in milliseconds."""

    back_end: BackEnd = "tmpfs"
    ram = True

    def __init__(self, home: Path, reason: str = "asked for") -> None:
        super().__init__(home, reason)

    def allocate(self, budget_bytes: int) -> None:
        """Mounts it, or takes the mount that outlived the last stop. Unavailable when refused."""
        if mounts.is_mount(self.mount_point) and self._is_of_before():
            self._unmount()
        if mounts.is_mount(self.mount_point):
            self._claim_mounted()
            self._resize(max(budget_bytes, self.usage().used_bytes))
        else:
            self._close_below()
            self._mount(budget_bytes)
            self._claim_mounted()
        self._take_ballast(budget_bytes)

    def resize(self, budget_bytes: int) -> None:
        """Remounts with another size."""
        self._refuse_shrink(budget_bytes)
        self._resize(budget_bytes)

    def detach(self) -> None:
        """Unmounts. Conflict, with who, while something in it is in use."""
        if mounts.is_mount(self.mount_point):
            self._unmount()
        self._remove_below()

    def _mount(self, budget_bytes: int) -> None:
        try:
            mounts.mount(self.mount_point, _options(budget_bytes))
        except Unavailable:
            self._remove_below()
            raise

    def _resize(self, budget_bytes: int) -> None:
        mounts.mount(self.mount_point, _options(budget_bytes), remount=True)

    def _unmount(self) -> None:
        try:
            mounts.unmount(self.mount_point)
        except Conflict as error:
            raise busy(self.mount_point, named(holders(self.mount_point))) from error

    def _look(self) -> None:
        super()._look()
        if mounts.file_system(self.mount_point) not in mounts.MEMORY:
            raise Corrupt(f"{self.mount_point} is no longer memory")


def _options(budget_bytes: int) -> str:
    return f"size={mount_bytes(budget_bytes)},mode=0700"
