"""A RAM disk of macOS: hdiutil makes the device, diskutil an APFS volume at our mount point.

UNTRIED on a Mac: written and tested against what these programs said elsewhere.

    hdiutil attach -nomount ram://SECTORS             a device, such as disk4, in memory
    diskutil apfs createContainer disk4               a container on it, such as disk5
    diskutil apfs addVolume disk5 APFSX NAME -mountpoint HOME/ram
    diskutil eject disk4                              unmounts, and gives the memory back

Each verb ends when it is done and names what it made: nothing has to be guessed or waited for.
`hdiutil detach` is on its way out (macOS 27 warns, and often refuses) and does not say who holds
the disk; `diskutil eject` does.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from common.errors import Corrupt, PostDevAIError, Unavailable
from dragon_node.lake.ramdisk import apple, mounts
from dragon_node.lake.ramdisk.commands import Commands, Said, SystemCommands
from dragon_node.lake.ramdisk.disk import BALLAST, BackEnd
from dragon_node.lake.ramdisk.holders import holders, named
from dragon_node.lake.ramdisk.mounted import Mounted
from dragon_node.lake.ramdisk.place import busy, mount_bytes

VOLUME = "postdevai"
_NO_INDEX = ".metadata_never_index"
"""Spotlight reads no volume that has such a file."""


class RamVolume(Mounted):
    """Cannot be resized: another one is made, filled, and takes its place."""

    back_end: BackEnd = "hdiutil"
    ram = True

    def __init__(
        self, home: Path, reason: str = "asked for", commands: Commands | None = None
    ) -> None:
        self._home = home
        self._commands = commands or SystemCommands()
        self._device_file = home / "ram.device"
        """Names the device from before it is formatted: a stop in between does not leak it."""
        super().__init__(home, reason)

    def allocate(self, budget_bytes: int) -> None:
        """Makes it, or takes the one that outlived the last stop. Unavailable when refused."""
        if mounts.is_mount(self.mount_point):
            self._device()
            self._claim_mounted()
        else:
            self._eject_left_over()
            self._close_below()
            self._make(budget_bytes, self.mount_point, self._device_file)
            self._claim_mounted()
        self._take_ballast(budget_bytes)

    def resize(self, budget_bytes: int) -> None:
        """Makes one of that size beside it, copies, and swaps them.

        Nothing may have a file open there. Conflict, with who, otherwise, and all is as it was.
        """
        self._refuse_shrink(budget_bytes)
        old = self._device()
        if self._devices().get(old) == _sectors(budget_bytes) * apple.SECTOR_BYTES:
            return
        self._refuse_busy()
        beside = self._home / "ram.next"
        beside_device = self._home / "ram.device.next"
        beside.mkdir(mode=0o700, exist_ok=True)
        new = self._make(budget_bytes, beside, beside_device)
        try:
            shutil.copytree(
                self.path, beside / "lake", ignore=shutil.ignore_patterns(BALLAST), symlinks=True
            )
            self._eject(old)
        except (OSError, PostDevAIError):
            self._eject(new)
            beside_device.unlink()
            beside.rmdir()
            raise
        self._swap(new, beside, beside_device)
        self._take_ballast(budget_bytes)

    def detach(self) -> None:
        """Ejects it. Conflict, with who, while something in it is in use."""
        if mounts.is_mount(self.mount_point):
            self._eject(self._device())
            self._device_file.unlink(missing_ok=True)
        else:
            self._eject_left_over()
        self._remove_below()

    def _look(self) -> None:
        super()._look()
        try:
            self._device()
        except Unavailable as error:
            raise Corrupt(f"{self.mount_point} is no longer memory: {error.message}") from error

    def _make(self, budget_bytes: int, mount_point: Path, device_file: Path) -> str:
        """A new volume at `mount_point`; its device."""
        made = self._ask("hdiutil", "attach", "-nomount", f"ram://{_sectors(budget_bytes)}")
        device = apple.attached(made.out)
        try:
            device_file.write_text(f"{self._marker.boot} {device}\n")
            container = apple.operated(self._ask("diskutil", "apfs", "createContainer", device).out)
            words = (container, "APFSX", VOLUME, "-mountpoint", str(mount_point))
            apple.operated(self._ask("diskutil", "apfs", "addVolume", *words).out)
            (mount_point / _NO_INDEX).touch()
        except (OSError, PostDevAIError):
            self._eject(device)
            device_file.unlink(missing_ok=True)
            raise
        return device

    def _swap(self, new: str, beside: Path, beside_device: Path) -> None:
        """The new volume moves to where the old one was."""
        volume = self._volume(beside)
        self._ask("diskutil", "unmount", volume)
        self._ask("diskutil", "mount", "-mountPoint", str(self.mount_point), volume)
        beside_device.replace(self._device_file)
        beside.rmdir()

    def _device(self) -> str:
        """The device below what is mounted. Unavailable when that is not memory."""
        said = self._ask("diskutil", "info", "-plist", str(self.mount_point))
        below = apple.stores(said.out)
        memory = self._devices()
        for device in below:
            if device in memory:
                return device
        raise Unavailable(f"{self.mount_point} lies on {', '.join(below)}, not on a RAM disk")

    def _devices(self) -> dict[str, int]:
        return apple.ram_devices(self._ask("hdiutil", "info", "-plist").out)

    def _volume(self, mount_point: Path) -> str:
        said = self._ask("diskutil", "info", "-plist", str(mount_point))
        return apple.volume(said.out)

    def _eject(self, device: str) -> None:
        said = self._commands.run("diskutil", "eject", device)
        if said.code == 0:
            return
        who = apple.dissenter(said.err + said.out)
        raise busy(self.mount_point, named((who,) if who else holders(self.mount_point)))

    def _eject_left_over(self) -> None:
        """What a stop halfway left attached and not mounted: memory that nobody would free."""
        for file in (self._device_file, self._home / "ram.device.next"):
            if not file.is_file():
                continue
            boot, _, device = file.read_text().strip().partition(" ")
            if boot == self._marker.boot and device in self._devices():
                self._eject(device)
            file.unlink()

    def _ask(self, *words: str) -> Said:
        said = self._commands.run(*words)
        if said.code != 0:
            raise Unavailable(f"{' '.join(words[:2])} was refused ({said.last_words})")
        return said


def _sectors(budget_bytes: int) -> int:
    return -(-mount_bytes(budget_bytes) // apple.SECTOR_BYTES)
