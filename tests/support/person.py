"""Somebody in front of a terminal, who types, looks, and reads what was recorded afterwards."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.model.event import CommandFinished
from developer_node.text import spool

SOURCES = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
COLUMNS, LINES = 100, 30
_LOOKED_AT_BYTES_MAX = 1 << 16
"""What scrolls by faster than that is not waited for."""


@dataclass
class Person:
    """`seen` is what is on the screen and was not yet looked for."""

    pid: int
    screen: int
    home: Path
    seen: bytes = b""
    whole: bytearray = field(default_factory=bytearray)
    """All that ever was on the screen."""

    @classmethod
    def sits(cls, argv: list[str], home: Path, cwd: Path, more: Mapping[str, str]) -> Person:
        """Starts a program on a terminal of 100 x 30, with these variables besides a few usual."""
        env = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        env |= {"PYTHONPATH": str(SOURCES), "TERM": "xterm-256color", "HOME": str(home.parent)}
        env |= {"POSTDEVAI_HOME": str(home), **more}
        pid, screen = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.chdir(cwd)
            os.execvpe(argv[0], argv, env)
        return cls(pid, screen, home)

    def sees(self, pattern: bytes) -> re.Match[bytes]:
        """Waits until the pattern is on the screen; what follows it is left to be looked for."""
        while not (found := re.search(pattern, self.seen)):
            assert select.select([self.screen], [], [], PATIENCE_S)[0], self.seen
            self._look(os.read(self.screen, 65536))
        self.seen = self.seen[found.end() :]
        return found

    def _look(self, data: bytes) -> None:
        self.seen += data
        if len(self.seen) > _LOOKED_AT_BYTES_MAX:
            self.seen = self.seen[-_LOOKED_AT_BYTES_MAX // 4 :]
        self.whole += data

    def types(self, keys: bytes) -> None:
        """Keys as they are; Enter is a carriage return."""
        os.write(self.screen, keys)

    def resizes(self, columns: int, lines: int) -> None:
        """Drags the window to another size."""
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def exit_code(self) -> int:
        """Waits for the end; reads what still comes, so that nobody is held up."""
        while True:
            assert select.select([self.screen], [], [], PATIENCE_S)[0], self.seen
            try:
                data = os.read(self.screen, 65536)
            except OSError:
                break
            if not data:
                break
            self._look(data)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def leaves(self) -> None:
        """Closes the window."""
        if self.screen >= 0:
            os.close(self.screen)
            self.screen = -1

    def records(self) -> list[CommandFinished]:
        """What waits in the spool, oldest first."""
        paths = spool.waiting(self.home / "developer" / "spool")
        bodies = [spool.read(path).event.body for path in paths]
        return [body for body in bodies if isinstance(body, CommandFinished)]

    def waits_for_record(self, wanted: Callable[[CommandFinished], bool]) -> None:
        """Until the spool holds such a record; looked at whenever something may have changed."""
        until = time.monotonic() + PATIENCE_S
        while not any(map(wanted, self.records())):
            assert time.monotonic() < until, self.records()
            if select.select([self.screen], [], [], 0.05)[0]:
                self._look(os.read(self.screen, 65536))

    def record(self, command: str) -> CommandFinished:
        """The one record of this command."""
        (found,) = [body for body in self.records() if body.command == command]
        return found


def recorded_shell(*words: str) -> list[str]:
    """The product's own line."""
    return [sys.executable, "-m", "developer_node.front.cli", "shell", *words]
