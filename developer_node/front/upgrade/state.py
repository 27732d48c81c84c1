"""The state of the nodes of one HOME, copied while none runs, and single stores of it put back.

Left out: what lies in memory and is made anew from the journal, the nodes' logs, and what only a
running node has. An engine of servers is copied and never put back: others went on meanwhile.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from common.daemon.files import write_private
from common.daemon.home import Home
from common.errors import OverLimit
from developer_node.front.output_words import size
from developer_node.front.upgrade import record
from developer_node.front.upgrade.stores import OUTBOX, files

ROLES = ("coordinator", "dragon", "developer")
SPARE_BYTES = 256 << 20
SPOOL = "developer/spool"
_IN_MEMORY = ("ram", "not-ram", "ram.next", "ram.device", "ram.device.next")
_OF_A_RUN = ("ready.json", "starts.json", "token", "mcp-token")
_LOG = re.compile(r"(coordinator|dragon|developer)\.(log(\.\d+)?|err)")
"""What a node says of itself. The Coordinator's audit.log is no such thing: it is state."""
_BESIDE = ("-wal", "-shm", "-journal")
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


def put_back(
    home: Home,
    stores: Collection[str],
    then: Callable[[Path, Collection[str]], None] = lambda aside, stores: None,
) -> tuple[Path, tuple[str, ...]]:
    """These stores are those of the copy again; where what was there instead was set aside, and
    which they are: killed midway, a second call ends what the first began, whatever it names.

    `then` carries over what the copy lacks, with the two; until it returns nothing is ended.
    """
    at = record.directory(home)
    before, step = at / "before", _begun(at, stores)
    wanted, aside = files(step.stores), at / step.aside
    if not step.moved:
        for each in wanted:
            if not (aside / each).exists():  # never over what a first call has set aside
                _each(home.root / each, lambda path: _move(path, home.root, aside))
        _note(at, replace(step, moved=True))
    draft = at / "before.2"
    for each in wanted:
        shutil.rmtree(draft, ignore_errors=True)
        _each(before / each, lambda path: _take(path, before, draft))
        _each(draft / each, lambda path: _move(path, draft, home.root))
    shutil.rmtree(draft, ignore_errors=True)
    _sync(home.root)
    if OUTBOX in step.stores:
        _keep_what_was_taken(home, before)
    then(aside, step.stores)
    (at / "putting-back").unlink()
    return aside, step.stores


def is_begun(home: Home) -> bool:
    """Whether a call did not come to its end."""
    return (record.directory(home) / "putting-back").exists()


@dataclass(frozen=True, slots=True)
class _Step:
    """How far it has come, in HOME/upgrade/putting-back."""

    aside: str
    stores: tuple[str, ...]
    moved: bool = False
    """All that is there now is aside: what lies in its place comes from the copy."""


def _begun(at: Path, stores: Collection[str]) -> _Step:
    """A new step, or that of a call that did not come to its end."""
    try:
        said = json.loads((at / "putting-back").read_text("utf-8"))
        return _Step(said["aside"], tuple(said["stores"]), said["moved"])
    except FileNotFoundError:
        pass
    number = 0
    while (at / (name := f"after.{number}" if number else "after")).exists():
        number += 1
    step = _Step(name, tuple(stores))
    _note(at, step)
    (at / name).mkdir(mode=0o700, exist_ok=True)
    return step


def _note(at: Path, step: _Step) -> None:
    write_private(at / "putting-back", json.dumps(asdict(step)).encode())


def _each(path: Path, do: Callable[[Path], None]) -> None:
    """With a file of SQLite's go those beside it; they first, so that it is never without them."""
    for suffix in (*_BESIDE, ""):
        if (found := path.with_name(path.name + suffix)).exists():
            do(found)


def _move(path: Path, root: Path, to: Path) -> None:
    place = to / path.relative_to(root)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place.is_dir():  # of a call that was cut off: the same copy
        shutil.rmtree(place)
    path.replace(place)
    _sync(place.parent)


def _take(path: Path, before: Path, draft: Path) -> None:
    place = draft / path.relative_to(before)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_dir():
        shutil.copytree(path, place, symlinks=True, copy_function=_copy)
    else:
        _copy(str(path), str(place))
    for each in (place, *place.rglob("*")):
        if each.is_file() and not each.is_symlink():
            _sync(each)


def _keep_what_was_taken(home: Home, before: Path) -> None:
    """What the outbox that is aside took out of the spool, the one of the copy has not."""
    for path in sorted(each for each in (before / SPOOL).rglob("*") if each.is_file()):
        place = home.root / SPOOL / path.relative_to(before / SPOOL)
        if not place.exists():
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copy2(path, place)


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
        for directory, names, others in os.walk(home.root / role):
            gone = _left_out(directory, [*names, *others])
            names[:] = [name for name in names if name not in gone]
            yield from (
                Path(directory) / each
                for each in others
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
