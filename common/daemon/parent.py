"""A daemon that was started by another process can die with it."""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def stop_with_parent(stop: Callable[[], object]) -> None:
    """Has this process stopped when its parent dies.

    Linux sends SIGTERM (prctl). Elsewhere `stop` is called, from a thread, when the pipe on
    stdin ends; without a pipe on stdin nothing can be seen, and the daemon stays.
    """
    if sys.platform == "linux":
        _signal_from_kernel(stop)
    elif stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_read_to_end, args=(stop,), name="parent", daemon=True).start()


def _signal_from_kernel(stop: Callable[[], object]) -> None:
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if parent == 1 or os.getppid() != parent:  # it died before it was watched
        stop()


def _read_to_end(stop: Callable[[], object]) -> None:
    while os.read(0, 4096):
        pass
    stop()
