"""The process in front: passes keys and output on, and lets a recorder read along.

It knows nothing of records, so that little can go wrong in it: when the recorder dies or stands
still, the shell below goes on as a plain one, whatever runs in it.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from types import FrameType

from developer_node.front.shell import terminal
from developer_node.front.shell.recorded.tee import Tee

CHUNK_BYTES = 8192
"""Read and written in one turn: with 64 KiB one side stands still while the other works (0.64 of a
plain `cat`, against 0.76 to 0.83)."""
_AFTER_END_S = 0.1
"""How long a terminal may be silent before what was written ahead of the end has all come."""
_READ, _WRITE = select.POLLIN | select.POLLHUP, select.POLLOUT


class Passer:
    """Between the person's terminal (0 and 1) and the master of the shell's."""

    def __init__(self, master: int, shell: int, tee: Tee | None, lost: Callable[[], None]) -> None:
        """`shell` is its process; `lost` is called once when nobody records any more."""
        self._master, self._shell, self._tee, self._lost = master, shell, tee, lost
        self._typed = bytearray()
        self._sentences: list[str] = []
        self._hung_up = False
        self._status: int | None = None
        self._poll = select.poll()

    def run(self) -> int:
        """Until the shell ends; its exit code as a shell would say it."""
        os.set_blocking(self._master, False)
        with ExitStack() as stack:
            wake = self._signals(stack)
            stack.enter_context(terminal.raw(0))
            for descriptor in (0, self._master, wake):
                self._poll.register(descriptor, _READ)
            if self._tee is not None:
                self._poll.register(self._tee.words, _READ)
            while not self._has_ended() and not self._hung_up:
                for descriptor, events in self._poll.poll():
                    self._turn(descriptor, events, wake)
                self._say_when_in_front()
            self._drain()
        for sentence in self._sentences:
            _say(sentence)
        return self._code()

    def _turn(self, descriptor: int, events: int, wake: int) -> None:
        if descriptor == self._master:
            if events & _WRITE:
                self._pass_keys()
            if events & _READ:
                self._pass_output()
        elif descriptor == 0:
            self._read_keys()
        elif descriptor == wake:
            _empty(wake)
        elif self._tee is not None:
            self._hear(self._tee)

    def _pass_output(self) -> bool:
        """What has come by now, in one piece."""
        parts: list[bytes] = []
        size = 0
        try:
            while size < CHUNK_BYTES:
                part = os.read(self._master, CHUNK_BYTES)
                if not part:
                    break
                parts.append(part)
                size += len(part)
        except OSError:  # nothing more now, or (EIO) nobody writes any more
            pass
        if not parts:
            return False
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self._show(data)
        if self._tee is not None and not self._tee.write(data):
            self._give_up("the recorder does not answer: this shell goes on, unrecorded")
        return True

    def _show(self, data: bytes) -> None:
        view = memoryview(data)
        while view and not self._hung_up:
            try:
                view = view[os.write(1, view) :]
            except BlockingIOError:
                select.select([], [1], [])
            except OSError:
                self._hang_up()

    def _read_keys(self) -> None:
        try:
            data = os.read(0, CHUNK_BYTES)
        except OSError:
            data = b""
        if not data:
            self._hang_up()
            return
        self._typed += data
        self._pass_keys()

    def _pass_keys(self) -> None:
        """Gives the shell's terminal what it has room for; reads no more keys until then."""
        try:
            del self._typed[: os.write(self._master, self._typed)]
        except BlockingIOError:
            pass
        except OSError:
            self._typed.clear()
        self._poll.modify(self._master, _READ | _WRITE if self._typed else _READ)
        self._poll.modify(0, 0 if self._typed else _READ)

    def _hear(self, tee: Tee) -> None:
        said = tee.said()
        self._sentences += said
        if not said and tee.has_ended():
            self._give_up("the recorder has ended: this shell goes on, unrecorded")

    def _give_up(self, sentence: str) -> None:
        if self._tee is None:
            return
        self._sentences += [*self._tee.said(), sentence]
        self._poll.unregister(self._tee.words)
        self._tee.abandon()
        self._tee = None
        self._lost()

    def _say_when_in_front(self) -> None:
        """A sentence in the middle of somebody's picture would be worse than one that is late."""
        if self._sentences:
            with suppress(OSError):
                if os.tcgetpgrp(self._master) == self._shell:
                    for sentence in self._sentences:
                        self._show(f"\r\npostdevai: {sentence}\r\n".encode())
                    self._sentences.clear()

    def _hang_up(self) -> None:
        """The window has gone. The shell hears of it when its terminal is closed, as always."""
        self._hung_up = True

    def _has_ended(self) -> bool:
        if self._status is None:
            with suppress(ChildProcessError):
                pid, status = os.waitpid(self._shell, os.WNOHANG)
                if pid:
                    self._status = status
        return self._status is not None

    def _drain(self) -> None:
        while not self._hung_up and select.select([self._master], [], [], _AFTER_END_S)[0]:
            if not self._pass_output():
                break

    def _code(self) -> int:
        if self._status is None:
            return 128 + signal.SIGHUP
        code = os.waitstatus_to_exitcode(self._status)
        return code if code >= 0 else 128 - code

    def _signals(self, stack: ExitStack) -> int:
        wake, sent = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(sent, False)

        def resized(_number: int, _frame: FrameType | None) -> None:
            terminal.copy_size(0, self._master)

        handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
            signal.SIGWINCH: resized,
            signal.SIGCHLD: lambda _number, _frame: None,
            signal.SIGHUP: lambda _number, _frame: self._hang_up(),
            signal.SIGTERM: lambda _number, _frame: self._hang_up(),
        }
        for number, handler in handlers.items():
            stack.callback(signal.signal, number, signal.signal(number, handler))
        stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(sent, warn_on_full_buffer=False))
        resized(signal.SIGWINCH, None)
        return wake

    @property
    def tee(self) -> Tee | None:
        """The recorder, unless it was given up."""
        return self._tee


def _empty(wake: int) -> None:
    try:
        while os.read(wake, 512):
            continue
    except BlockingIOError:
        return


def _say(sentence: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"postdevai: {sentence}\n")
        sys.stderr.flush()
