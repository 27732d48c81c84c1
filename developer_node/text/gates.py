"""Whether a command is recorded here and now: pauses, places, private commands. Files alone.

HOME/developer/paused        seconds since 1970 until which nothing is recorded, or "until resumed"
HOME/developer/resumed       seconds since 1970 at which the last pause ended before its time
HOME/developer/never.json    directories in which nothing is ever recorded, below them neither
ROOT/.postdevai.toml         [record] enabled, output, ignore: a repository may only ask for less
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from developer_node.text.repository_settings import settings_of

NEVER_MAX = 1000
"""Directories in the list of those that are never recorded."""
UNTIL_RESUMED = "until resumed"


@dataclass(frozen=True, slots=True)
class Gate:
    """What may be kept of a command."""

    record: bool = True
    output: bool = True
    """False: the command, its exit code and its time, and nothing that it printed."""
    why: str = ""
    """Why not all of it, in a sentence; empty when all is kept."""


def gate(home: Path, cwd: Path, command: str, begun_s: float | None = None) -> Gate:
    """What may be kept of this command in this directory now. Never raises: a settings file that
    cannot be read closes the gate, and `why` says so. Without a command: of this directory. With
    the time at which it began: nothing either when recording was paused since."""
    if command[:1] in (" ", "\t"):
        return _closed("A command that begins with a space is private.")
    try:
        why = paused(home) or _never(home, cwd)
        if not why and begun_s is not None and _was_paused(home, begun_s):
            why = "Recording was paused while it ran."
    except (OSError, ValueError) as error:
        return _closed(f"Nothing is recorded, because what is never to be cannot be read: {error}.")
    return _closed(why) if why else _of_repository(cwd)


def paused(home: Path) -> str:
    """Until when nothing is recorded, in a sentence; empty when recording goes on.

    ValueError when the file that says so makes no sense: only `resume` mends that.
    """
    text = _text(_pause_path(home))
    if not text:
        return ""
    if text == UNTIL_RESUMED:
        return "Recording is paused until you type: postdevai resume"
    if not text.isdecimal():
        raise ValueError(f"{_pause_path(home)} holds no time; type: postdevai resume")
    until_s = int(text)
    if time.time() >= until_s:
        return ""
    return f"Recording is paused until {_clock_time(until_s)}; to go on, type: postdevai resume"


def pause(home: Path, seconds: float | None = None) -> str:
    """Nothing is recorded for so long, or until `resume`; what `paused` says now."""
    until = UNTIL_RESUMED if seconds is None else str(int(time.time() + max(seconds, 1)) + 1)
    _write(_pause_path(home), until)
    return paused(home)


def resume(home: Path) -> bool:
    """Recording goes on; whether it was paused."""
    try:
        was = bool(paused(home))
    except ValueError:
        was = True
    if text := _text(_pause_path(home)):  # commands that began before must still hear of it
        now_s = time.time()
        ended_s = min(now_s, int(text)) if text.isdecimal() else now_s
        _write(_resumed_path(home), f"{ended_s:.6f}")
    _pause_path(home).unlink(missing_ok=True)
    return was


def never_recorded(home: Path) -> tuple[str, ...]:
    """The directories in which nothing is ever recorded; ValueError when the list is broken."""
    text = _text(_never_path(home))
    if not text:
        return ()
    said = cast("object", json.loads(text))
    if not isinstance(said, list):
        raise ValueError(f"{_never_path(home)} is no list")
    places = cast("list[object]", said)
    if not all(isinstance(place, str) for place in places):
        raise ValueError(f"{_never_path(home)} holds something else than paths")
    return tuple(cast("list[str]", places))


def put_never(home: Path, place: Path) -> str:
    """Nothing is recorded in this directory and below from now on; its path as it is kept.

    ValueError when the list is full or broken.
    """
    name = os.path.realpath(place)
    kept = never_recorded(home)
    if name not in kept:
        if len(kept) >= NEVER_MAX:
            raise ValueError(f"{NEVER_MAX} directories are never recorded; that is the most")
        _write(_never_path(home), json.dumps([*kept, name], indent=1))
    return name


def take_never(home: Path, place: Path) -> bool:
    """The directory may be recorded again; whether it was in the list."""
    names = {os.path.realpath(place), os.path.abspath(place)}
    kept = never_recorded(home)
    left = [each for each in kept if each not in names]
    if len(left) < len(kept):
        _write(_never_path(home), json.dumps(left, indent=1))
    return len(left) < len(kept)


def _never(home: Path, cwd: Path) -> str:
    places = never_recorded(home)
    if not places:
        return ""
    above = {*_upwards(os.path.abspath(cwd)), *_upwards(os.path.realpath(cwd))}
    files = {found for each in above if (found := _file_id(each))}
    for place in places:
        if place in above or _file_id(place) in files:  # another spelling on a Mac's disk, a mount
            return f"Nothing is recorded in {place}: you said never here."
    return ""


def _was_paused(home: Path, begun_s: float) -> bool:
    """Whether a pause that is over now touched the time since then."""
    until, resumed = _text(_pause_path(home)), _text(_resumed_path(home))
    if until.isdecimal() and int(until) >= begun_s:
        return True
    # one of a clock that was put back since says nothing, or nothing were recorded for long
    return bool(resumed) and begun_s <= float(resumed) <= time.time()


def _of_repository(cwd: Path) -> Gate:
    asked = settings_of(cwd)
    if asked.fault:
        return _closed(f"Nothing is recorded here: {asked.fault}.")
    if not asked.record:
        return _closed(f"{asked.path} asks that nothing is recorded here.")
    if asked.ignores(cwd):
        return _closed(f"{asked.path} asks that nothing in this directory is recorded.")
    if not asked.output:
        return Gate(output=False, why=f"{asked.path} asks that no output is recorded here.")
    return Gate()


def _closed(why: str) -> Gate:
    return Gate(record=False, output=False, why=why)


def _upwards(path: str) -> list[str]:
    found = [path]
    while (above := os.path.dirname(path)) != path:
        found.append(above)
        path = above
    return found


def _file_id(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:  # gone: then nothing is in it
        return None
    return found.st_dev, found.st_ino


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _write(path: Path, text: str) -> None:
    from common.daemon.files import write_private  # only people write, and only they wait for it

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, f"{text}\n".encode())


def _clock_time(at_s: int) -> str:
    today = time.strftime("%Y-%m-%d") == time.strftime("%Y-%m-%d", time.localtime(at_s))
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", time.localtime(at_s))


def _pause_path(home: Path) -> Path:
    return home / "developer" / "paused"


def _resumed_path(home: Path) -> Path:
    return home / "developer" / "resumed"


def _never_path(home: Path) -> Path:
    return home / "developer" / "never.json"
