"""Which processes have something in a directory open."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a file open there, maps one, or works there."""

    pid: int
    name: str


def holders(path: Path) -> tuple[Holder, ...]:
    """Those of processes that may be looked into: with root all, else the person's own."""
    place = os.path.realpath(path)
    found: list[Holder] = []
    for process in psutil.process_iter(["name"]):
        try:
            if any(_lies_in(used, place) for used in _used(process)):
                found.append(Holder(process.pid, process.info["name"] or "?"))
        except (OSError, psutil.Error):  # it has ended, or is somebody else's
            continue
    return tuple(found)


def named(who: tuple[Holder, ...]) -> str:
    """For people; says so when nobody could be found."""
    if not who:
        return "a process that cannot be looked into"
    return ", ".join(f"{holder.name} (pid {holder.pid})" for holder in who)


def _lies_in(used: str, place: str) -> bool:
    return used == place or used.startswith(f"{place}/")


def _used(process: psutil.Process) -> Iterator[str]:
    own = PROC / str(process.pid)
    if not own.is_dir():
        yield process.cwd()
        yield from (file.path for file in process.open_files())
        return
    yield os.readlink(own / "cwd")
    for link in os.scandir(own / "fd"):
        try:
            yield os.readlink(link.path)
        except FileNotFoundError:  # closed meanwhile
            continue
    for line in (own / "maps").read_text().splitlines():
        yield line.partition("/")[1] + line.partition("/")[2]
