"""What hdiutil and diskutil say, read."""

from __future__ import annotations

import plistlib
import re
from pathlib import PurePosixPath
from typing import Any, cast
from xml.parsers.expat import ExpatError

from common.errors import Unavailable
from dragon_node.lake.ramdisk.holders import Holder

SECTOR_BYTES = 512

_DEVICE = re.compile(r"^/dev/(disk\d+)\s*$", re.MULTILINE)
_OPERATED = re.compile(r"^Disk from APFS operation: (disk\d+(?:s\d+)*)\s*$", re.MULTILINE)
_DISSENTED = re.compile(r"dissented by PID (\d+) \(([^)]*)\)")
_IN_USE = re.compile(r"in use by process (\d+) \(([^)]*)\)")


def attached(out: str) -> str:
    """The device that `hdiutil attach -nomount` made; its line is padded with blanks and tabs."""
    return _found(_DEVICE, out, "hdiutil attach")


def operated(out: str) -> str:
    """The disk that a `diskutil apfs` verb ended with: a container or a volume."""
    return _found(_OPERATED, out, "diskutil apfs")


def ram_devices(plist: str) -> dict[str, int]:
    """Devices whose image is memory, with their bytes, from `hdiutil info -plist`."""
    devices: dict[str, int] = {}
    for image in _list(_plist(plist, "hdiutil info").get("images")):
        if str(image.get("image-path", "")).startswith("ram://"):
            size = int(image.get("blockcount", 0)) * int(image.get("blocksize", SECTOR_BYTES))
            for entity in _list(image.get("system-entities"))[:1]:
                devices[PurePosixPath(str(entity.get("dev-entry", ""))).name] = size
    return devices


def stores(plist: str) -> tuple[str, ...]:
    """Devices that an APFS volume lies on, from `diskutil info -plist`; its own when not APFS."""
    info = _plist(plist, "diskutil info")
    physical = [str(s.get("APFSPhysicalStore", "")) for s in _list(info.get("APFSPhysicalStores"))]
    return tuple(physical) or (str(info.get("ParentWholeDisk", "")),)


def volume(plist: str) -> str:
    """The volume's own name among disks, such as disk5s1, from `diskutil info -plist`."""
    return str(_plist(plist, "diskutil info").get("DeviceIdentifier", ""))


def dissenter(text: str) -> Holder | None:
    """Who refused an unmount; None when it is not said."""
    found = _DISSENTED.search(text) or _IN_USE.search(text)
    return Holder(int(found[1]), PurePosixPath(found[2]).name) if found else None


def _found(pattern: re.Pattern[str], out: str, said_by: str) -> str:
    found = pattern.findall(out)
    if not found:
        raise Unavailable(f"{said_by} named no disk: {out.strip()[-200:]!r}")
    return found[-1]


def _plist(text: str, said_by: str) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], plistlib.loads(text.encode()))
    except (plistlib.InvalidFileException, ExpatError, ValueError) as error:
        raise Unavailable(f"{said_by} said no property list: {error}") from error


def _list(value: object) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], value) if isinstance(value, list) else []
