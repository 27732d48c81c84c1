"""The state of the nodes of one HOME, copied while none runs, and put back.

Left out: what lies in memory and is made anew from the journal, logs, and what only a running
node has. What shells recorded since the copy, and nobody has taken, goes with whichever state.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from common.daemon.home import Home
from common.errors import OverLimit
from developer_node.front.output_words import size
from developer_node.front.upgrade import record

ROLES = ("coordinator", "dragon", "developer")
SPARE_BYTES = 256 << 20
SPOOL = "developer/spool"
_IN_MEMORY = ("ram", "not-ram", "ram.next", "ram.device", "ram.device.next")
_OF_A_RUN = ("ready.json", "starts.json", "token", "mcp-token")
_LOG = re.compile(r"(coordinator|dragon|developer)\.(log(\.\d+)?|err)")
"""What a node says of itself. The Coordinator's audit.log is no such thing: it is state."""
_CLONE = 0x40049409
"""FICLONE of Linux: a copy that shares its blocks until either is written to."""


def room_for_copy(home: Home) -> int:
    """Bytes that the copy may take; OverLimit when the disk has not so many."""
    wanted = sum(path.stat().st_size for path in _files(home))
    free = shutil.disk_usage(home.root).free
    if free < wanted + SPARE_BYTES:
        raise OverLimit(
            f"a copy of the state takes {size(wanted)}, and the disk of {home.root} has "
            f"{size(free)} left",
            hint="make room there; nothing was changed",
        )
    return wanted


def copy(home: Home) -> int:
    """Copies into HOME/upgrade/before, in place of an older copy; its bytes."""
    at = record.directory(home)
    at.mkdir(mode=0o700, exist_ok=True)
    draft, before = at / "before.1", at / "before"
    shutil.rmtree(draft, ignore_errors=True)
    copied = 0
    draft.mkdir(mode=0o700)
    for role in ROLES:
        if (home.root / role).is_dir():
            shutil.copytree(
                home.root / role, draft / role, symlinks=True, ignore=_left_out, copy_function=_copy
            )
    for each in draft.rglob("*"):
        if each.is_file() and not each.is_symlink():
            copied += each.stat().st_size
            _sync(each)
    shutil.rmtree(before, ignore_errors=True)
    draft.replace(before)
    _sync(at)
    return copied


def put_back(home: Home) -> Path:
    """Each node has the state of the copy again; where what it had instead was set aside.

    Killed midway, a second call goes on where the first was.
    """
    at = record.directory(home)
    before, aside = at / "before", _aside(at)
    aside.mkdir(mode=0o700, exist_ok=True)
    for role in ROLES:
        done = (aside / role).exists() and (home.root / role).exists()
        if done or not (before / role).is_dir():
            continue
        draft = at / f"before.{ROLES.index(role) + 2}"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(before / role, draft, symlinks=True, copy_function=_copy)
        if (home.root / role).exists():
            (home.root / role).replace(aside / role)
        draft.replace(home.root / role)
    _sync(home.root)
    _keep_what_nobody_took(home, before, aside)
    (at / "putting-back").unlink(missing_ok=True)
    return aside


def _aside(at: Path) -> Path:
    """A new directory, or that of a call that did not come to its end."""
    note = at / "putting-back"
    if not note.exists():
        number = 0
        while (at / (name := f"after.{number}" if number else "after")).exists():
            number += 1
        note.write_text(name, "ascii")
        _sync(note)
    return at / note.read_text("ascii")


def _keep_what_nobody_took(home: Home, before: Path, aside: Path) -> None:
    came = aside / SPOOL
    if not came.is_dir():
        return
    for path in sorted(each for each in came.rglob("*") if each.is_file()):
        below = path.relative_to(came)
        if not (before / SPOOL / below).exists() and not (home.root / SPOOL / below).exists():
            (home.root / SPOOL / below).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(path, home.root / SPOOL / below)


def _left_out(directory: str, names: list[str]) -> set[str]:
    if os.path.basename(directory) not in ROLES:
        return {name for name in names if _is_odd(os.path.join(directory, name))}
    logs = {name for name in names if _LOG.fullmatch(name)}
    odd = {name for name in names if _is_odd(os.path.join(directory, name))}
    return {*(name for name in names if name in (*_IN_MEMORY, *_OF_A_RUN)), *logs, *odd}


def _is_odd(path: str) -> bool:
    """A socket or a pipe: it is of a run, and cannot be copied."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def _files(home: Home) -> Iterator[Path]:
    for role in ROLES:
        for directory, names, files in os.walk(home.root / role):
            gone = _left_out(directory, [*names, *files])
            names[:] = [name for name in names if name not in gone]
            yield from (
                Path(directory) / each
                for each in files
                if each not in gone and os.path.isfile(os.path.join(directory, each))
            )


def _copy(source: str, to: str) -> str:
    """With blocks that are shared where the file system can do that."""
    import fcntl

    if hasattr(os, "O_TMPFILE"):  # Linux
        with open(source, "rb") as there, open(to, "wb") as here:
            try:
                fcntl.ioctl(here.fileno(), _CLONE, there.fileno())
            except OSError:
                shutil.copyfileobj(there, here, 1 << 20)
        shutil.copystat(source, to)
        return to
    return shutil.copy2(source, to)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
