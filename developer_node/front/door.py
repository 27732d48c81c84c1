"""Finds the local API of this person's daemon, and makes sure that it is theirs."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common.daemon.home import Home
from common.errors import Corrupt, Denied, Unavailable

START_IT = "Start it with: postdevai up --repo DIR"


@dataclass(frozen=True, slots=True)
class Door:
    """Where the local API is, and what opens it."""

    socket: Path
    token: str


def find_door(home: Home) -> Door:
    """The daemon's socket and token; Unavailable without a daemon, Denied if not wholly ours."""
    ready = home.ready("developer")
    if ready is None:
        raise Unavailable("The developer node is not running.", hint=START_IT)
    try:
        socket, token_file = Path(ready.extra["socket"]), Path(ready.extra["token_file"])
    except KeyError as missing:
        raise Corrupt(
            f"The developer node's ready file does not name its {missing}.",
            hint="Restart it: postdevai down, then postdevai up",
        ) from None
    try:
        _check_private(socket.parent, stat.S_ISDIR)
        _check_private(token_file, stat.S_ISREG)
        return Door(socket, token_file.read_text().strip())
    except FileNotFoundError as gone:
        raise Unavailable(
            f"The developer node has gone: {gone.filename} is missing.", hint=START_IT
        ) from None


def _check_private(path: Path, right_kind: Callable[[int], bool]) -> None:
    status = path.lstat()
    if not right_kind(status.st_mode):
        raise Denied(f"{path} is not what it should be.", hint=f"Remove {path} and start again.")
    if status.st_uid != os.geteuid():
        raise Denied(
            f"{path} belongs to somebody else (user {status.st_uid}).",
            hint="Set POSTDEVAI_HOME to a directory of your own.",
        )
    if status.st_mode & 0o077:
        raise Denied(
            f"{path} is open to others (mode {stat.S_IMODE(status.st_mode):04o}).",
            hint=f"Type: chmod go-rwx {path}",
        )
