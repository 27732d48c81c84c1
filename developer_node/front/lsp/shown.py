"""Changes as files that an editor opens: private, read-only, gone with the server."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path
from types import FrameType

PREFIX = "postdevai-lsp-"
ALIVE = "alive"
"""A file in the directory that its server holds a lock on as long as it lives."""


class ShownChanges:
    """A directory of mode 0700 that is made when it is first needed."""

    def __init__(self) -> None:
        self._directory: Path | None = None
        self._lock = -1

    def write(self, name: str, diff: str) -> Path:
        """The file that holds it; the same change is written once."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._lock = _locked(self._directory)
        words = re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-")[:60] or "change"
        named = hashlib.sha256(diff.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        path = self._directory / f"{words}-{named}.diff"
        if not path.exists():
            path.write_bytes(diff.encode("utf-8", "surrogatepass"))
            path.chmod(0o400)
        return path

    def close(self) -> None:
        """Takes them away."""
        directory, self._directory = self._directory, None
        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)
            os.close(self._lock)

    def close_when_ended(self) -> None:
        """Also where the process is told to end by a signal, of which it then dies."""

        def end(number: int, _: FrameType | None) -> None:
            self.close()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)


def remove_leftovers() -> None:
    """Takes away what servers of this user left that were killed; those that live keep theirs."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if directory.is_symlink() or directory.stat().st_uid != os.getuid():
                continue
            lock = os.open(directory / ALIVE, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(directory, ignore_errors=True)
        finally:
            os.close(lock)


def _locked(directory: Path) -> int:
    """Its lock has its name only once it is held, so that nobody takes the directory for left."""
    made = directory / f"{ALIVE}.new"
    lock = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    made.rename(directory / ALIVE)
    return lock
