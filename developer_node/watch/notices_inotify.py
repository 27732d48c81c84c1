"""inotify with a watch for each directory, so that ignored ones cost nothing.

One inotify instance and one thread of watchdog's serve the whole daemon. Watchdog's observers
would take a thread for each directory, and say of an overflow only a line in a log.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
import warnings

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from common.errors import OverLimit
from developer_node.watch.folding import covered
from developer_node.watch.notices import Hint, Listener, Lost

_MASK = Mask(
    InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_MOVED_TO
    | InotifyConstants.IN_MOVED_FROM
    | InotifyConstants.IN_CREATE
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_ATTRIB
    | InotifyConstants.IN_MOVE_SELF
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_EXCL_UNLINK
)


class DirectoryNotices:
    """The daemon's one inotify instance."""

    def __init__(self) -> None:
        # a directory that moved is added again under its new name, which is meant
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        self._kernel = InotifyFD()
        self._kernel.start()

    def listen(self, hint: Hint, lost: Lost) -> Listener:
        """A new party."""
        return _DirectoryListener(self._kernel, hint, lost)

    def close(self) -> None:
        """Ends the thread."""
        self._kernel.stop()
        self._kernel.join()


class _DirectoryListener:
    """Knows which watch is which directory, also after a directory has moved."""

    def __init__(self, kernel: InotifyFD, hint: Hint, lost: Lost) -> None:
        self._id = CallbackId(id(self))
        self._kernel = kernel
        self._hint = hint
        self._lost = lost
        self._lock = threading.Lock()
        self._directory: dict[WatchDescriptor, str] = {}
        self._watch: dict[str, WatchDescriptor] = {}

    def add(self, directory: str) -> bool:
        """Watches one directory."""
        with self._lock:  # a notice that comes at once waits until we know its directory
            try:
                name = os.fsencode(directory)
                watch = self._kernel.add_callback(name, _MASK, self, self._id)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    raise _too_many(len(self._watch)) from error
                return False
            if watch == -1:  # watchdog's way to say that access is denied
                return False
            before = self._directory.get(watch)
            if before is not None and before != directory:
                self._watch.pop(before, None)
            self._directory[watch] = directory
            self._watch[directory] = watch
            return True

    def remove(self, *directories: str) -> None:
        """Forgets directories and those below them."""
        with self._lock:
            gone = covered(self._watch, frozenset(directories))
            watches = [self._watch.pop(d) for d in gone]
            for watch in watches:
                self._directory.pop(watch, None)
            self._kernel.remove_callbacks([(watch, self._id) for watch in watches])

    def close(self) -> None:
        """Forgets all."""
        with self._lock:
            self._kernel.remove_callbacks([(watch, self._id) for watch in self._directory])
            self._directory.clear()
            self._watch.clear()

    def on_event(self, event: InotifyEvent) -> None:
        """Called by watchdog for each notice."""
        with self._lock:
            directory = self._directory.get(event.wd)
        if directory is None:
            return
        if not event.name:
            if event.is_move_self:  # of a root nothing else tells it
                self._hint(directory)
            return
        path = os.path.join(directory, os.fsdecode(event.name))
        if event.is_attrib and event.is_directory:
            return
        if event.is_create and not event.is_directory and _will_be_closed(path):
            return
        self._hint(path)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """Called by watchdog when a directory is gone."""
        with self._lock:
            directory = self._directory.pop(wd, None)
            if directory is not None and self._watch.get(directory) == wd:
                del self._watch[directory]
        if directory is not None:
            self._hint(directory)

    def on_queue_overflow(self) -> None:
        """Called by watchdog when the kernel had to drop notices."""
        self._lost()


def _will_be_closed(path: str) -> bool:
    """A plain new file is looked at when its writer closes it; links are never closed."""
    try:
        found = os.lstat(path)
    except OSError:
        return True
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _too_many(count: int) -> OverLimit:
    return OverLimit(
        f"the kernel gives no more than {count} directory watches here",
        hint="Raise fs.inotify.max_user_watches (sysctl); until then changes are found by scans.",
    )
