"""Becomes, or watches over, a program that shall not outlive the process that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> int:
    """`argv` is: the starter's process id, the program, its arguments.

    Linux sends SIGTERM to it when the starter dies (prctl, kept over exec). Elsewhere this
    process stays between the two and stops the program when the pipe on stdin ends.
    """
    starter, command = int(argv[0]), argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != starter:  # it died before it was watched
            return 0
        os.execv(command[0], command)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda got, _: child.send_signal(got))
    threading.Thread(target=_read_to_end, args=(child,), name="starter", daemon=True).start()
    return child.wait()


def _read_to_end(child: subprocess.Popen[bytes]) -> None:
    while os.read(0, 4096):
        pass
    child.terminate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
