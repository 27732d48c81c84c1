"""Which directories lie on a file system that other machines change without a word to our kernel.

Watches work there for what this machine does itself; the rest is found by comparing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

MOUNTS = Path("/proc/self/mounts")

_ELSEWHERE = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "smb", "ncpfs", "afs", "9p", "virtiofs", "drvfs"),
        *("ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ocfs2", "gfs2", "vboxsf", "prl_fs"),
        *("davfs", "webdav", "afpfs", "osxfs", "fakeowner", "macfuse"),
    }
)
_FUSE_HERE = frozenset({"fuse.mergerfs", "fuse.overlayfs", "fuse.fuse-overlayfs", "fuseblk"})
"""File systems in user space that hold what is on this machine's disks."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of the list of mounts."""

    source: str
    place: str
    kind: str

    @property
    def is_elsewhere(self) -> bool:
        """Whether somebody else may change what lies there."""
        if self.kind.startswith("fuse."):
            return self.kind not in _FUSE_HERE
        return self.kind in _ELSEWHERE


def network_mount(directory: Path, mounts: list[Mount] | None = None) -> str:
    """Why changes there may come without notice, in words; empty when they do not."""
    place = os.path.realpath(directory)
    above = [m for m in (read_mounts() if mounts is None else mounts) if _holds(m.place, place)]
    if not above:
        return ""
    # the longest path is the nearest; of several at one place the last one covers the others
    nearest = max(enumerate(above), key=lambda found: (len(found[1].place), found[0]))[1]
    if not nearest.is_elsewhere:
        return ""
    return f"{nearest.place} is {nearest.kind} from {nearest.source}, which others may change"


def read_mounts(path: Path = MOUNTS) -> list[Mount]:
    """Every mount, in the order in which they were made; none where the system tells of none."""
    try:
        text = path.read_text("utf-8", "surrogateescape")
    except OSError:  # macOS
        found = psutil.disk_partitions(all=True)
        return [Mount(p.device, p.mountpoint, p.fstype) for p in found]
    return parse_mounts(text)


def parse_mounts(text: str) -> list[Mount]:
    """Lines of /proc/mounts: source, place and kind; blanks in names are written in octal."""
    rows = [line.split(" ") for line in text.splitlines()]
    return [Mount(_plain(r[0]), _plain(r[1]), r[2]) for r in rows if len(r) >= 3]


def _plain(name: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        name = name.replace(code, character)
    return name


def _holds(place: str, path: str) -> bool:
    return path == place or path.startswith(place.rstrip(os.sep) + os.sep)
