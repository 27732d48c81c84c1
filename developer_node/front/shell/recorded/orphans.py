"""Recorders that stand still though the shell that they read along with is long gone.

A recorder ends when its passer does. One that was stopped (SIGSTOP) cannot: the recorder of the
next shell wakes it, by what it wrote into its session directory, so that it writes down what it
has and ends; one that does not end then is killed. Directories that nobody uses any more go.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from developer_node.front.shell.recorded.session import PREFIX

WHO = "who"
"""Two lines, the passer and the recorder: pid, and when it started."""
UNSIGNED_S = 86400.0
"""A shell whose recorder never came writes there with each command, so its directory is younger."""
_WOKEN = "woken"
_TO_END_S = 30.0
"""What a recorder that was woken is given to write what it has."""


def sign_in(directory: Path) -> None:
    """Notes who uses a session directory: this process, and its parent, the passer."""
    lines = [f"{pid} {started(pid)}\n" for pid in (os.getppid(), os.getpid())]
    (directory / WHO).write_text("".join(lines), "ascii")


def end_orphans(base: Path) -> None:
    """Only those whose passer is dead, by its pid and the time it started; and directories in
    which nobody signed, once nothing was written there for a day."""
    for directory in _own(base):
        with suppress(OSError, ValueError):
            if not (directory / WHO).exists():
                if time.time() - directory.stat().st_mtime > UNSIGNED_S:
                    shutil.rmtree(directory, ignore_errors=True)
                continue
            passer, recorder = (_read(x) for x in (directory / WHO).read_text("ascii").splitlines())
            if not _lives(*passer):
                _end(directory, *recorder)


def started(pid: int) -> str:
    """When a process began, in a form that only this machine knows; empty when it is gone."""
    if not os.path.exists("/proc/self/stat"):
        return _started_without_proc(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            after_name = file.read().rpartition(b") ")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] in (b"Z", b"X") else after_name[19].decode("ascii")


def _started_without_proc(pid: int) -> str:
    import psutil  # a Mac; where there is /proc it is not worth its import

    try:
        return str(int(psutil.Process(pid).create_time()))
    except psutil.Error:
        return ""


def _own(base: Path) -> Iterator[Path]:
    """Session directories of this person; a name that anybody may choose says nothing."""
    with suppress(OSError):
        for directory in base.glob(f"{PREFIX}*"):
            found = directory.lstat()
            mine = found.st_uid == os.getuid() and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            if stat.S_ISDIR(found.st_mode) and mine:
                yield directory


def _end(directory: Path, recorder: int, since: str) -> None:
    if not _lives(recorder, since):
        shutil.rmtree(directory, ignore_errors=True)
        return
    woken = directory / _WOKEN
    if not woken.exists():
        woken.touch()
        os.kill(recorder, signal.SIGCONT)
    elif time.time() - woken.stat().st_mtime > _TO_END_S:
        os.kill(recorder, signal.SIGKILL)


def _read(line: str) -> tuple[int, str]:
    pid, _, since = line.partition(" ")
    return int(pid), since


def _lives(pid: int, since: str) -> bool:
    return bool(since) and started(pid) == since
