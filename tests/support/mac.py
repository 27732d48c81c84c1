"""A Mac for the hdiutil back end: it answers as the programs do, and mounts a tmpfs for APFS.

The forms are those of real output, the values are ours:
- `hdiutil attach -nomount` pads its line with blanks and tabs: zafarella/OSX-RAMDisk issue 64
  shows it, and what came of not expecting it;
- `diskutil apfs createContainer` and `addVolume` tell their steps and end with "Disk from APFS
  operation": transcripts of both in public notes, such as ikiapps/Setup-Xcode-Derived-Data-RAM-Disk
  pull request 7, which parses that line;
- `hdiutil info -plist` of a ram:// image: the keys that macOS 10.13 prints;
- `diskutil info -plist` of an APFS volume: APFSPhysicalStores names the device below;
- `diskutil eject` in use: VeraCrypt issue 1872 ("Unmount was dissented by PID ..."), without a
  name where the holder is the kernel: DeterminateSystems/nix-installer issue 1303.
"""

from __future__ import annotations

import plistlib
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import Conflict
from dragon_node.lake.ramdisk import mounts
from dragon_node.lake.ramdisk.commands import Said
from dragon_node.lake.ramdisk.holders import holders


@dataclass(slots=True)
class Disk:
    """A device in memory, and what was made on it."""

    name: str
    sectors: int
    container: str = ""
    volume: str = ""
    mount_point: Path | None = None


@dataclass(slots=True)
class ScriptedMac:
    """Programs of a Mac with one SSD, disk0 to disk3."""

    disks: list[Disk] = field(default_factory=list[Disk])
    asked: list[str] = field(default_factory=list[str])
    refuse: str = ""
    """Words with which a command begins that fails the next time, as full or forbidden."""
    number: int = 4

    def run(self, *words: str) -> Said:
        """As the program would answer."""
        self.asked.append(" ".join(words))
        if self.refuse and self.asked[-1].startswith(self.refuse):
            self.refuse = ""
            return Said(1, "", f"{words[0]}: {words[1]} failed - Operation not permitted\n")
        match words:
            case "hdiutil", "attach", "-nomount", image:
                return self._attach(int(image.removeprefix("ram://")))
            case "hdiutil", "info", "-plist":
                return Said(0, plistlib.dumps(self._images()).decode())
            case "diskutil", "info", "-plist", path:
                return self._info(Path(path))
            case "diskutil", "apfs", "createContainer", device:
                return self._container(device)
            case "diskutil", "apfs", "addVolume", container, "APFSX", _, "-mountpoint", path:
                return self._volume(container, Path(path))
            case "diskutil", "unmount", volume:
                return self._unmount(volume)
            case "diskutil", "mount", "-mountPoint", path, volume:
                return self._mount(volume, Path(path))
            case "diskutil", "eject", device:
                return self._eject(device)
            case _:
                raise AssertionError(f"no Mac was ever asked {words}")

    def _attach(self, sectors: int) -> Said:
        disk = Disk(self._name(), sectors)
        self.disks.append(disk)
        return Said(0, f"/dev/{disk.name}          \t                               \t\n")

    def _images(self) -> dict[str, object]:
        images: list[dict[str, object]] = [
            {
                "autodiskmount": False,
                "blockcount": disk.sectors,
                "blocksize": 512,
                "image-encrypted": False,
                "image-path": f"ram://{disk.sectors}",
                "image-type": "read/write",
                "owner-uid": 501,
                "removable": True,
                "system-entities": [{"content-hint": "", "dev-entry": f"/dev/{disk.name}"}],
                "writeable": True,
            }
            for disk in self.disks
        ]
        installer = {
            "image-path": "/Users/ada/Downloads/Installer.dmg",
            "blockcount": 9,
            "blocksize": 512,
            "system-entities": [{"dev-entry": "/dev/disk99", "mount-point": "/Volumes/Installer"}],
        }
        return {"framework": "480.60.1", "images": [installer, *images], "vendor": "Apple"}

    def _info(self, path: Path) -> Said:
        for disk in self.disks:
            if disk.mount_point == path:
                return _apfs(disk.volume, disk.container, disk.name)
        return _apfs("disk3s5", "disk3", "disk0s2")

    def _container(self, device: str) -> Said:
        disk = next(d for d in self.disks if d.name == device)
        disk.container = self._name()
        return Said(
            0,
            f"Creating container with {device}\nStarted APFS operation on {device}\n"
            "Creating a new empty APFS Container\nUnmounting Volumes\n"
            f"Switching {device} to APFS\nCreating APFS Container\n"
            f"Created new APFS Container {disk.container}\n"
            f"Disk from APFS operation: {disk.container}\nFinished APFS operation on {device}\n",
        )

    def _volume(self, container: str, path: Path) -> Said:
        disk = next(d for d in self.disks if d.container == container)
        disk.volume, disk.mount_point = f"{container}s1", path
        mounts.mount(path, f"size={disk.sectors * 512},mode=0755")
        return Said(
            0,
            'Will export new APFS (Case-sensitive) Volume "postdevai" from APFS Container '
            f"Reference {container}\nStarted APFS operation on {container}\n"
            f"Preparing to add APFS Volume to APFS Container {container}\nCreating APFS Volume\n"
            f"Created new APFS Volume {disk.volume}\nMounting APFS Volume\n"
            f"Setting volume permissions\nDisk from APFS operation: {disk.volume}\n"
            f"Finished APFS operation on {container}\n",
        )

    def _unmount(self, volume: str) -> Said:
        disk = next(d for d in self.disks if d.volume == volume)
        assert disk.mount_point is not None
        self._moving = _contents(disk.mount_point)
        mounts.unmount(disk.mount_point)
        disk.mount_point = None
        return Said(0, f"Volume postdevai on {volume} unmounted\n")

    def _mount(self, volume: str, path: Path) -> Said:
        disk = next(d for d in self.disks if d.volume == volume)
        mounts.mount(path, f"size={disk.sectors * 512},mode=0755")
        _put(path, self._moving)
        disk.mount_point = path
        return Said(0, f"Volume postdevai on {volume} mounted\n")

    def _eject(self, device: str) -> Said:
        disk = next(d for d in self.disks if d.name == device)
        try:
            if disk.mount_point is not None and mounts.is_mount(disk.mount_point):
                mounts.unmount(disk.mount_point)
        except Conflict:
            assert disk.mount_point is not None
            return Said(1, "", _dissent(device, disk.mount_point))
        self.disks.remove(disk)
        return Said(0, f"Disk {device} ejected\n")

    def _name(self) -> str:
        self.number += 1
        return f"disk{self.number - 1}"

    _moving: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What a volume holds while it is mounted nowhere: the tmpfs below cannot keep it."""


def _apfs(volume: str, container: str, store: str) -> Said:
    info: dict[str, object] = {
        "APFSContainerReference": container,
        "APFSPhysicalStores": [{"APFSPhysicalStore": store}],
        "DeviceIdentifier": volume,
        "FilesystemType": "apfs",
        "ParentWholeDisk": container,
        "VolumeName": "postdevai",
    }
    return Said(0, plistlib.dumps(info).decode())


def _dissent(device: str, path: Path) -> str:
    failed = f"Unmount of {device} failed: at least one volume could not be unmounted\n"
    who = holders(path)
    if not who:
        return failed
    return (
        f"{failed}Unmount was dissented by PID {who[0].pid} (/usr/local/bin/{who[0].name})\n"
        "Dissenter parent PPID 1 (/sbin/launchd)\n"
    )


def _contents(path: Path) -> dict[str, bytes]:
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}


def _put(path: Path, contents: dict[str, bytes]) -> None:
    for name, raw in contents.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(raw)
