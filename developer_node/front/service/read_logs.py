"""The logs of the nodes, as they rotate them: the last lines, and those that come."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from common.daemon.home import Home
from common.daemon.logs import log_files
from common.model.node import Role

LOOK_S = 0.2


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines of a log, over as many of its files as that takes."""
    kept: deque[str] = deque(maxlen=count)
    for each in log_files(path):
        try:
            with each.open(encoding="utf-8", errors="replace") as file:
                kept.extend(line.rstrip("\n") for line in file)
        except FileNotFoundError:
            continue  # rotated away meanwhile
    return list(kept)


def printed_since(log: Path, printed: Path, count: int) -> list[str]:
    """What a process printed after its last line in the log: why it did not even come to that."""
    try:
        if log.exists() and log.stat().st_mtime_ns > printed.stat().st_mtime_ns:
            return []
        return printed.read_text("utf-8", "replace").splitlines()[-count:] if count else []
    except FileNotFoundError:
        return []


def merged(logs: dict[Role, list[str]], count: int) -> list[tuple[Role, str]]:
    """The last of them together, by their times. A line without a time goes with the one before."""
    dated: list[tuple[str, int, Role, str]] = []
    for role, lines in logs.items():
        when = ""
        for number, line in enumerate(lines):
            first = line.partition(" ")[0]
            when = first if first[:2] == "20" and "T" in first else when
            dated.append((when, number, role, line))
    dated.sort(key=lambda each: each[0])
    return [(role, line) for _, _, role, line in dated[-count:]] if count else []


@dataclass
class Followed:
    """One log that grows, is rotated, or is not there yet."""

    role: Role
    path: Path
    _file: BinaryIO | None = field(default=None, init=False)
    _rest: bytes = field(default=b"", init=False)

    def begin_at_end(self) -> None:
        """Passes over what is there."""
        if self._open():
            assert self._file is not None
            self._file.seek(0, os.SEEK_END)

    def more(self) -> Iterator[str]:
        """The whole lines that came since; also those before a rotation, then those after it."""
        while self._file is not None or self._open():
            assert self._file is not None
            rotated = self._was_rotated(self._file)  # asked first: what comes later is read later
            *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")
            if not rotated:
                return
            self.close()

    def close(self) -> None:
        """Lets the file go."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _open(self) -> bool:
        try:
            self._file = self.path.open("rb")
        except OSError:
            return False
        return True

    def _was_rotated(self, file: BinaryIO) -> bool:
        try:
            now = self.path.stat()
        except FileNotFoundError:
            return False  # between two renames
        held = os.fstat(file.fileno())
        return (now.st_dev, now.st_ino) != (held.st_dev, held.st_ino)


def follow(
    home: Home, roles: tuple[Role, ...], rounds: int | None = None
) -> Iterator[tuple[Role, str]]:
    """Lines as they come, for ever; `rounds` looks where that is given."""
    logs = [Followed(role, home.root / role / f"{role}.log") for role in roles]
    for log in logs:
        log.begin_at_end()
    try:
        for _ in islice(iter(int, 1), rounds):
            for log in logs:
                for line in log.more():
                    yield log.role, line
            time.sleep(LOOK_S)
    finally:
        for log in logs:
            log.close()
