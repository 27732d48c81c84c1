"""The pipe on which the recorder reads along; one that stands still is given up."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import time
from contextlib import suppress

PIPE_BYTES = 1 << 20
STUCK_S = 1.0
"""A recorder that takes nothing for this long while its pipe is full is given up."""
_END_S = 3.0
"""How long the shell's end waits for the recorder to write what it has."""
_F_SETPIPE_SZ = 1031  # Linux


class Tee:
    """The passer's side of the recorder process."""

    def __init__(self, pid: int, pipe: int, words: int) -> None:
        """`words` is where the recorder's own sentences arrive."""
        self._pid, self._pipe, self.words = pid, pipe, words
        self._ended = False
        os.set_blocking(pipe, False)
        os.set_blocking(words, False)
        if sys.platform == "linux":
            with suppress(OSError):  # beyond the person's own limit: the usual size will do
                fcntl.fcntl(pipe, _F_SETPIPE_SZ, PIPE_BYTES)

    @property
    def is_open(self) -> bool:
        """Whether somebody still reads along."""
        return self._pipe >= 0

    def write(self, data: bytes) -> bool:
        """Hands it over; False when the recorder has gone or does not take it."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._pipe, view) :]
            except BlockingIOError:
                if not select.select([], [self._pipe], [], STUCK_S)[1]:
                    return False
            except OSError:
                return False
        return True

    def said(self) -> list[str]:
        """Sentences of the recorder that wait."""
        try:
            return os.read(self.words, 65536).decode("utf-8", "replace").splitlines()
        except OSError:
            return []

    def has_ended(self) -> bool:
        """Without waiting."""
        if not self._ended:
            self._reap(os.WNOHANG)
        return self._ended

    def abandon(self) -> None:
        """Ends a recorder that is of no use; nothing of it is left."""
        self._shut()
        if not self.has_ended():
            os.kill(self._pid, signal.SIGKILL)
            self._reap(0)

    def finish(self) -> list[str]:
        """Tells it that this was all, and waits a little for its last record and its last words."""
        self._shut()
        heard: list[str] = []
        until = time.monotonic() + _END_S
        while (left := until - time.monotonic()) > 0 and not self._ended:
            # it holds the other end of its words for as long as it lives
            if select.select([self.words], [], [], left)[0]:
                said = self.said()
                heard += said
                if not said:
                    self._reap(0)
        return heard

    def _reap(self, options: int) -> None:
        try:
            self._ended = os.waitpid(self._pid, options)[0] != 0
        except ChildProcessError:
            self._ended = True

    def _shut(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
