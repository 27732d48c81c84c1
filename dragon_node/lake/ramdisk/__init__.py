"""Where the lake lies in memory: a file a back end, one suite over all of them.

Layout: DIRECTORY/ram is the mount point of the back ends that mount (tmpfs, hdiutil) and the lake
lies in ram/lake, /dev/shm/postdevai-UID-HASH is the directory of the shm back end (HASH from
DIRECTORY, so that two meshes never share) and DIRECTORY/not-ram the plain directory. In each lies
the marker that says whose it is. Below an unmounted mount point, `lake` is a file: whatever still
tries to write there fails, as root too, and never reaches the SSD.
"""

from dragon_node.lake.ramdisk.choosing import choose, detach
from dragon_node.lake.ramdisk.disk import BALLAST, MARKER, BackEnd, Choice, RamDisk, Usage
from dragon_node.lake.ramdisk.hdiutil import RamVolume
from dragon_node.lake.ramdisk.place import Place
from dragon_node.lake.ramdisk.plain import PlainDirectory
from dragon_node.lake.ramdisk.room import set_aside
from dragon_node.lake.ramdisk.shm import SharedMemory
from dragon_node.lake.ramdisk.tmpfs import TmpfsMount

__all__ = [
    "BALLAST",
    "MARKER",
    "BackEnd",
    "Choice",
    "Place",
    "PlainDirectory",
    "RamDisk",
    "RamVolume",
    "SharedMemory",
    "TmpfsMount",
    "Usage",
    "choose",
    "detach",
    "set_aside",
]
