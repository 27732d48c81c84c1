"""What a repository asks for in its .postdevai.toml; it can only ask for less, never for more.

ROOT/.postdevai.toml, at most 64 KiB; it speaks for its directory and everything below, and where
several lie above a directory the least that one of them asks for is what holds:
    [record]
    enabled = false              nothing is recorded here
    output = false               commands are recorded without what they print
    ignore = ["secrets/", "*.pem", "fixtures/**/dump.sql"]    as in a .gitignore, without "!"
    [autonomy]
    level = "notifier"           observer, notifier, advisor, assistant or pair programmer
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from developer_node.text.globs import Glob, glob_of

if TYPE_CHECKING:  # it is asked at every prompt: imports cost more than the answer
    from common.model.event import Autonomy

NAME = ".postdevai.toml"
BYTES_MAX = 64 << 10
IGNORE_MAX = 200
"""Patterns in one file."""
_CACHED_MAX = 1024
LEVELS: tuple[Autonomy, ...] = ("observer", "notifier", "advisor", "assistant", "pair programmer")
"""From the least to the most."""


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """What holds for one directory."""

    record: bool = True
    output: bool = True
    ignore: tuple[Glob, ...] = ()
    """See `ignores`."""
    autonomy: Autonomy | None = None
    """The most that may be done here; None where nobody lowers it."""
    path: str = ""
    """The file that says so, the nearest where there are several; empty where there is none."""
    fault: str = ""
    """Why a file cannot be followed, in a sentence; then nothing may be recorded."""

    def ignores(self, path: Path) -> bool:
        """Whether nothing of this file or directory may be kept."""
        name = os.path.abspath(path)
        return any(glob.covers(name) for glob in self.ignore)


_NOTHING = RepositorySettings()
_read_before: dict[str, tuple[tuple[int, int, int], RepositorySettings]] = {}


def settings_of(directory: Path) -> RepositorySettings:
    """What the files in this directory and above it ask for, together. Never raises."""
    held = _NOTHING
    at = os.path.abspath(directory)
    while True:
        held = _least(held, _of_file(os.path.join(at, NAME)))
        above = os.path.dirname(at)
        if above == at:
            return held
        at = above


def lowest(allowed: Autonomy, asked: Autonomy | None = None) -> Autonomy:
    """The lesser of what the owner allows and a repository asks for."""
    if asked is None or LEVELS.index(allowed) < LEVELS.index(asked):
        return allowed
    return asked


def _least(near: RepositorySettings, far: RepositorySettings) -> RepositorySettings:
    if far is _NOTHING:
        return near
    levels: list[Autonomy] = [each for each in (near.autonomy, far.autonomy) if each is not None]
    return RepositorySettings(
        record=near.record and far.record,
        output=near.output and far.output,
        ignore=near.ignore + far.ignore,
        autonomy=lowest(*levels) if levels else None,
        path=near.path or far.path,
        fault=near.fault or far.fault,
    )


def _of_file(path: str) -> RepositorySettings:
    """Read again only when the file is another one than before."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return _NOTHING
    except (OSError, ValueError) as error:
        return _faulty(path, f"cannot be read: {error}")
    key = (found.st_mtime_ns, found.st_size, found.st_ino)
    before = _read_before.get(path)
    if before is not None and before[0] == key:
        return before[1]
    if len(_read_before) >= _CACHED_MAX:
        _read_before.clear()
    read = _read(path, found.st_size)
    _read_before[path] = (key, read)
    return read


def _read(path: str, size: int) -> RepositorySettings:
    import tomllib  # most repositories have no such file

    if size > BYTES_MAX:
        return _faulty(path, f"has {size} bytes; {BYTES_MAX} is the most")
    try:
        with open(path, "rb") as file:
            said: dict[str, object] = tomllib.loads(file.read(BYTES_MAX).decode())
        return _understood(path, said)
    except (OSError, ValueError) as error:  # a TOMLDecodeError is a ValueError
        return _faulty(path, f"cannot be followed: {error}")


def _understood(path: str, said: dict[str, object]) -> RepositorySettings:
    """ValueError with what is wrong."""
    record, autonomy = _table(said, "record"), _table(said, "autonomy")
    _only(said, "", ("record", "autonomy"))
    _only(record, "record.", ("enabled", "output", "ignore"))
    _only(autonomy, "autonomy.", ("level",))
    level = autonomy.get("level")
    if level is not None and level not in LEVELS:
        raise ValueError(f"autonomy.level is {level!r}; it is one of {', '.join(LEVELS)}")
    return RepositorySettings(
        record=_yes(record, "enabled"),
        output=_yes(record, "output"),
        ignore=_globs(os.path.dirname(path), record.get("ignore", [])),
        autonomy=level,
        path=path,
    )


def _table(said: dict[str, object], name: str) -> dict[str, object]:
    table = said.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"{name} is a table: write [{name}]")
    return cast("dict[str, object]", table)


def _only(table: dict[str, object], prefix: str, known: tuple[str, ...]) -> None:
    """A key that is not known could be a misspelt wish for less: nothing is recorded."""
    for key in table:
        if key not in known:
            names = ", ".join(f"{prefix}{each}" for each in known)
            raise ValueError(f"{prefix}{key} is not known; there are {names}")


def _yes(record: dict[str, object], key: str) -> bool:
    value = record.get(key, True)
    if not isinstance(value, bool):
        raise ValueError(f"record.{key} is true or false, not {value!r}")
    return value


def _globs(base: str, said: object) -> tuple[Glob, ...]:
    globs = cast("list[object]", said) if isinstance(said, list) else None
    if globs is None or len(globs) > IGNORE_MAX:
        raise ValueError(f'record.ignore is a list of at most {IGNORE_MAX} globs, as ["*.pem"]')
    return tuple(glob_of(base, glob) for glob in globs)


def _faulty(path: str, why: str) -> RepositorySettings:
    return RepositorySettings(record=False, output=False, path=path, fault=f"{path} {why}")
