"""Runs a command and passes its bytes through, unchanged, while a keeper sees them go by.

On a terminal the command gets a terminal of its own; otherwise stdout and stderr are two pipes
and stdin is simply inherited. With two pipes the order of what was kept is that of arrival here.
When the command has ended, what it had written is passed on; a child that it left in the
background is not waited for, and finds its end of the pipe closed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import termios
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from developer_node.front.shell import terminal
from developer_node.front.shell.pump import Pump, Stream

NOT_EXECUTABLE, NOT_FOUND, SIGNALLED = 126, 127, 128
_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


@dataclass(frozen=True, slots=True)
class Passed:
    """How a command ended, as a shell would say it."""

    exit_code: int
    duration_ms: int
    message: str = ""
    """Why it could not be started; empty when it was."""


def pass_through(
    argv: Sequence[str],
    cwd: Path,
    keep: Callable[[bytes], None],
    started: Callable[[], None],
    tick: Callable[[], float | None] = lambda: None,
) -> Passed:
    """Runs the command to its end. `keep` is given its output, `started` is called once it runs,
    `tick` after each piece of output, and again after as many seconds as it says."""
    begun = time.monotonic()

    def passed(code: int, message: str = "") -> Passed:
        return Passed(code, int((time.monotonic() - begun) * 1000), message)

    child = _Child()
    with ExitStack() as stack:
        wake = stack.enter_context(_signals(child))
        try:
            child.start(argv, cwd, stack)
        except OSError as error:
            code = NOT_FOUND if error.errno == errno.ENOENT else NOT_EXECUTABLE
            return passed(code, _why_not(argv[0], error))
        started()
        keys = 0 if child.has_terminal and _reads_keys() else -1
        if keys >= 0:
            stack.enter_context(terminal.raw(keys))
        Pump(child.streams, keep, child.has_ended, wake, keys, tick).run()
        code = child.exit_code()
    return passed(code if code >= 0 else SIGNALLED - code)


@dataclass(slots=True)
class _Child:
    streams: list[Stream] = field(default_factory=list[Stream])
    has_terminal: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _waiting: list[int] = field(default_factory=list[int])

    def start(self, argv: Sequence[str], cwd: Path, stack: ExitStack) -> None:
        """Starts the command; signals that came meanwhile reach it now."""
        if os.isatty(1):
            self._start_on_terminal(argv, cwd, stack)
        else:
            self._process = _spawn(argv, cwd, None, subprocess.PIPE, subprocess.PIPE)
        self._add_pipes(stack)
        for number in self._waiting:
            self.signal(number)

    def has_ended(self) -> bool:
        """Without waiting."""
        return self._process is None or self._process.poll() is not None

    def exit_code(self) -> int:
        """Negative for a signal."""
        return 0 if self._process is None else self._process.wait()

    def signal(self, number: int) -> None:
        """Gives it to the command, on a terminal to whatever is in front there."""
        if self._process is None:
            self._waiting.append(number)
        elif self._process.returncode is None:
            with suppress(ProcessLookupError):
                if self.has_terminal:
                    os.killpg(self._in_front(), number)
                else:
                    os.kill(self._process.pid, number)

    def resize(self) -> None:
        """The window outside has another size now."""
        for stream in self.streams:
            if stream.is_terminal:
                terminal.copy_size(1, stream.source.fileno())

    def _start_on_terminal(self, argv: Sequence[str], cwd: Path, stack: ExitStack) -> None:
        master, slave = os.openpty()
        source = stack.enter_context(os.fdopen(master, "rb", buffering=0))
        try:
            terminal.copy_size(1, slave)
            if _reads_keys():
                terminal.copy_modes(0, slave)
            else:
                terminal.without_output_modes(slave)
            stdin = slave if os.isatty(0) else None
            stderr = slave if os.isatty(2) else subprocess.PIPE
            self._process = _spawn(argv, cwd, stdin, slave, stderr, _own_the_terminal)
        finally:
            os.close(slave)
        os.set_blocking(master, False)
        self.has_terminal = True
        self.streams.append(Stream(source, 1, is_terminal=True))

    def _add_pipes(self, stack: ExitStack) -> None:
        assert self._process is not None
        for pipe, target in ((self._process.stdout, 1), (self._process.stderr, 2)):
            if pipe is not None:
                stack.callback(pipe.close)
                self.streams.append(Stream(pipe, target))

    def _in_front(self) -> int:
        assert self._process is not None
        with suppress(OSError):
            if (group := os.tcgetpgrp(self.streams[0].source.fileno())) > 0:
                return group
        return self._process.pid


def _reads_keys() -> bool:
    return os.isatty(0) and terminal.in_foreground(0)


def _own_the_terminal() -> None:
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)


def _spawn(
    argv: Sequence[str],
    cwd: Path,
    stdin: int | None,
    stdout: int,
    stderr: int,
    before: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    def spawn(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            arguments,
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            close_fds=False,  # diff <(a) <(b) hands over descriptors beyond the first three
            start_new_session=before is not None,
            preexec_fn=before,
        )

    try:
        return spawn(argv)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    return spawn(["/bin/sh", *argv])  # a script without a first line, as a shell runs it


def _why_not(program: str, error: OSError) -> str:
    if error.errno == errno.ENOENT and "/" not in program:
        return f"{program}: command not found"
    return f"{program}: {error.strerror}"


@contextmanager
def _signals(child: _Child) -> Generator[int]:
    """Passes signals on while the block runs; yields what becomes readable when one arrived.

    A signal that is ignored here (nohup) stays so, here and in the command.
    """
    wake, sent = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(sent, False)

    def forward(number: int, _: FrameType | None) -> None:
        typed = number in (signal.SIGINT, signal.SIGQUIT) and not child.has_terminal
        if not (typed and terminal.signalled_by_terminal()):  # else it has had it already
            child.signal(number)

    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
        **dict.fromkeys(_FORWARDED, forward),
        signal.SIGWINCH: lambda _number, _frame: child.resize(),
        signal.SIGCHLD: lambda _number, _frame: None,
    }
    before = {
        number: signal.signal(number, handler)
        for number, handler in handlers.items()
        if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGCHLD
    }
    before_wake = signal.set_wakeup_fd(sent, warn_on_full_buffer=False)
    try:
        yield wake
    finally:
        signal.set_wakeup_fd(before_wake)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(wake)
        os.close(sent)
