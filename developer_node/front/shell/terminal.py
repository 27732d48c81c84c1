"""The terminal around a recorded command: raw while it runs, and as it was afterwards, always."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import tty
from collections.abc import Generator
from contextlib import contextmanager, suppress

_SIZE = struct.Struct("HHHH")


def in_foreground(terminal: int) -> bool:
    """Whether this process may read from the terminal without being stopped for it."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False


def signalled_by_terminal() -> bool:
    """Whether Ctrl-C reaches the whole process group by itself."""
    try:
        handle = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return in_foreground(handle)
    finally:
        os.close(handle)


def copy_size(source: int, target: int) -> None:
    """Gives one terminal the window size of another; the kernel tells its programs."""
    try:
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(_SIZE.size))
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)
    except OSError:  # one of the two has gone
        return


def copy_modes(source: int, target: int) -> None:
    """Gives a new terminal the characters and modes of the person's own."""
    termios.tcsetattr(target, termios.TCSANOW, termios.tcgetattr(source))


def without_output_modes(terminal: int) -> None:
    """Leaves line ends as they are: the terminal outside turns them already."""
    modes = termios.tcgetattr(terminal)
    modes[1] &= ~termios.OPOST
    termios.tcsetattr(terminal, termios.TCSANOW, modes)


@contextmanager
def raw(terminal: int) -> Generator[None]:
    """Every key goes to the command; what was typed ahead is kept when the modes come back."""
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal, termios.TCSADRAIN)
    try:
        yield
    finally:
        with suppress(termios.error):  # the window was closed
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
