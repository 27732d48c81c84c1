"""A shell on a terminal of its own, into which lines are typed."""

from __future__ import annotations

import os
import pty
import select
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

READY = b"ready> "


@contextmanager
def terminal(
    argv: Sequence[str], env: Mapping[str, str], home: Path
) -> Generator[Callable[[str], int]]:
    """A shell on a PTY; types a line and says when the prompt was back."""
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execvpe(argv[0], list(argv), {**env, "HOME": str(home), "TERM": "xterm-256color"})

    def typed(line: str) -> int:
        os.write(screen, line.encode() + b"\r")
        return _until_ready(screen)

    try:
        _until_ready(screen)
        typed("true")
        yield typed
        os.write(screen, b"exit\r")
        _until_closed(screen)
    finally:
        os.close(screen)
        os.waitpid(pid, 0)


def _until_ready(screen: int) -> int:
    seen = b""
    while READY not in seen:
        if not select.select([screen], [], [], 60)[0]:
            raise TimeoutError(f"no prompt came: {seen[-200:]!r}")
        seen = seen[-200:] + os.read(screen, 65536)
    return time.perf_counter_ns()


def _until_closed(screen: int) -> None:
    try:
        while os.read(screen, 65536):
            continue
    except OSError:  # how Linux says that nobody writes any more
        return
