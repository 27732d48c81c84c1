"""Moves a command's bytes to where they belong until it has ended, in one loop without threads."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import selectors
import struct
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO

CHUNK_BYTES = 65536
_AFTER_END_S = 0.2
"""How long a terminal may be silent before what was written ahead of the end has all come."""
_AFTER_END_BYTES_MAX = 1 << 20


@dataclass(slots=True)
class Stream:
    """What arrives at `source` goes to the descriptor `target`; -1 when nobody is there."""

    source: IO[bytes]
    target: int
    is_terminal: bool = False
    left: int = -1
    """Bytes still to be read once the command has ended; -1 before that."""


@dataclass(slots=True)
class Pump:
    """The loop over a command's streams, and over the keys when it has a terminal of its own."""

    streams: Sequence[Stream]
    keep: Callable[[bytes], None]
    ended: Callable[[], bool]
    wake: int
    keys: int = -1
    """The person's terminal; -1 when its keys are not ours to read."""
    tick: Callable[[], float | None] = lambda: None
    """Called at each turn; says within how many seconds it wants to be called again."""
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _open: dict[int, Stream] = field(default_factory=dict[int, Stream])
    _typed: bytearray = field(default_factory=bytearray)

    def run(self) -> None:
        """Returns when the command has ended and what it had written is passed on."""
        with self._selector:
            self._selector.register(self.wake, selectors.EVENT_READ)
            for stream in self.streams:
                self._open[stream.source.fileno()] = stream
                self._selector.register(stream.source, selectors.EVENT_READ)
            if self.keys >= 0:
                self._selector.register(self.keys, selectors.EVENT_READ)
            while not self.ended():
                self._turn(self.tick())
            self._drain()

    def _turn(self, timeout: float | None) -> bool:
        ready = self._selector.select(timeout)
        for key, events in ready:
            if key.fd == self.wake:
                _empty(self.wake)
            elif key.fd == self.keys:
                self._read_keys()
            else:
                if events & selectors.EVENT_WRITE:
                    self._write_keys()
                if events & selectors.EVENT_READ:
                    self._pass(key.fd)
        return bool(ready)

    def _drain(self) -> None:
        """A pipe holds exactly what was written; a terminal hands it over a little later."""
        if self.keys >= 0:
            self._forget_keys()
        self._selector.unregister(self.wake)
        for stream in list(self._open.values()):
            stream.left = _AFTER_END_BYTES_MAX if stream.is_terminal else _unread(stream.source)
            if not stream.left:
                self._close(stream)
        while self._open:
            wait = any(stream.is_terminal for stream in self._open.values())
            if not self._turn(_AFTER_END_S if wait else 0.0):
                break

    def _pass(self, source: int) -> None:
        stream = self._open[source]
        size = CHUNK_BYTES if stream.left < 0 else min(CHUNK_BYTES, stream.left)
        try:
            data = os.read(source, size)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:  # how Linux says that a terminal has no writer left
                raise
            data = b""
        if stream.left > 0:
            stream.left -= len(data)
        if data:
            self.keep(data)
            self._deliver(stream, data)
        if not data or stream.left == 0:
            self._close(stream)

    def _deliver(self, stream: Stream, data: bytes) -> None:
        if stream.target < 0:
            return
        try:
            write_all(stream.target, data)
        except OSError:  # whoever read us has gone
            stream.target = -1
            if not stream.is_terminal:
                self._close(stream)  # the command meets the broken pipe that we met

    def _close(self, stream: Stream) -> None:
        if stream.source.closed or stream.source.fileno() not in self._open:
            return
        del self._open[stream.source.fileno()]
        self._selector.unregister(stream.source)
        if not stream.is_terminal:
            stream.source.close()

    def _read_keys(self) -> None:
        try:
            data = os.read(self.keys, CHUNK_BYTES)
        except OSError:
            data = b""
        self._typed += data or b"\x04"
        if not data:
            self._forget_keys()
        self._write_keys()

    def _write_keys(self) -> None:
        """Gives the command's terminal what it has room for; reads no more keys until then."""
        own = next((s for s in self._open.values() if s.is_terminal), None)
        if own is None:
            self._typed.clear()
            return
        try:
            del self._typed[: os.write(own.source.fileno(), self._typed)]
        except BlockingIOError:
            pass
        except OSError:
            self._typed.clear()
        both = selectors.EVENT_READ | selectors.EVENT_WRITE
        self._selector.modify(own.source, both if self._typed else selectors.EVENT_READ)
        if self.keys >= 0:
            held = self.keys in self._selector.get_map()
            if self._typed and held:
                self._selector.unregister(self.keys)
            elif not self._typed and not held:
                self._selector.register(self.keys, selectors.EVENT_READ)

    def _forget_keys(self) -> None:
        if self.keys in self._selector.get_map():
            self._selector.unregister(self.keys)
        self.keys = -1


def write_all(target: int, data: bytes) -> None:
    """Writes everything, waiting where somebody left the descriptor in non-blocking mode."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(target, view) :]
        except BlockingIOError:
            select.select([], [target], [])


def _unread(pipe: IO[bytes]) -> int:
    answer = fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4))
    return struct.unpack("i", answer)[0]


def _empty(wake: int) -> None:
    try:
        while os.read(wake, 512):
            continue
    except BlockingIOError:
        return
