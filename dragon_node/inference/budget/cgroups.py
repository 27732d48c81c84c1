"""What a container or a service manager leaves of the machine's memory, on Linux.

`/proc/self/cgroup` names this process's group: `0::PATH` in version 2, where the limits are
`/sys/fs/cgroup/PATH/memory.max`, beyond which it is killed, and `memory.high`, beyond which it is
slowed down; and `N:memory:PATH` in version 1, with
`/sys/fs/cgroup/memory/PATH/memory.limit_in_bytes`. The limits of groups above it hold too. Inside
a container PATH may be that of the host, and its own group lies at the top.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

NO_LIMIT = 1 << 60
"""Version 1 says "none" by the largest number of pages there is."""


def limit_bytes(root: Path = Path("/")) -> int | None:
    """The lowest that holds; None without one, and where there are no groups."""
    limits = [found for file in _files(root) if (found := _limit(file)) is not None]
    return min(limits, default=None)


def _files(root: Path) -> Iterator[Path]:
    mounted = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            yield from _upwards(mounted, path, "memory.max")
            yield from _upwards(mounted, path, "memory.high")
        elif "memory" in controllers.split(","):
            yield from _upwards(mounted / "memory", path, "memory.limit_in_bytes")


def _upwards(top: Path, path: str, name: str) -> Iterator[Path]:
    inside = PurePosixPath(path.lstrip("/"))
    if ".." in inside.parts:  # the group lies above what is mounted here
        inside = PurePosixPath()
    yield top / inside / name
    for above in inside.parents:
        yield top / above / name


def _limit(file: Path) -> int | None:
    said = _read(file).strip()
    if not said.isdigit() or int(said) >= NO_LIMIT:  # version 2 says max
        return None
    return int(said)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # no groups, not this version of them, or not the group's path in here
        return ""
