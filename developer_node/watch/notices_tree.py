"""One recursive watch of watchdog's for each tree (FSEvents on macOS); callers filter paths."""

from __future__ import annotations

import logging
import os
import threading

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from developer_node.watch.notices import Hint, Listener, Lost

_REPORTED = frozenset({"created", "modified", "deleted", "moved", "closed"})


class TreeNotices:
    """The daemon's one observer."""

    def __init__(self) -> None:
        self._observer = Observer()
        self._observer.start()
        self._overflow = _OverflowLog()
        logging.getLogger("watchdog").addHandler(self._overflow)

    def listen(self, hint: Hint, lost: Lost) -> Listener:
        """A new party."""
        self._overflow.parties.append(lost)
        return _TreeListener(self._observer, hint)

    def close(self) -> None:
        """Ends the threads."""
        logging.getLogger("watchdog").removeHandler(self._overflow)
        self._observer.stop()
        self._observer.join()


class _OverflowLog(logging.Handler):
    """Watchdog says nothing of lost notices but a line in its log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.parties: list[Lost] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Tells every party when a line speaks of lost notices."""
        line = record.getMessage().lower()
        if "overflow" in line or "dropped" in line:
            for lost in self.parties:
                lost()


class _TreeListener:
    def __init__(self, observer: BaseObserver, hint: Hint) -> None:
        self._observer = observer
        self._hint = hint
        self._lock = threading.Lock()
        self._trees: dict[str, ObservedWatch] = {}

    def add(self, directory: str) -> bool:
        """Watches the tree below a directory, unless a tree above it is watched."""
        with self._lock:
            if not os.path.isdir(directory):
                return False
            if any(directory == t or directory.startswith(t + os.sep) for t in self._trees):
                return True
            try:
                watch = self._observer.schedule(_Handler(self._hint), directory, recursive=True)
            except OSError:
                return False
            self._trees[directory] = watch
            return True

    def remove(self, *directories: str) -> None:
        """Forgets trees; what lies below a watched tree goes on with it."""
        with self._lock:
            for directory in directories:
                if watch := self._trees.pop(directory, None):
                    self._observer.unschedule(watch)

    def close(self) -> None:
        """Forgets all."""
        self.remove(*self._trees)


class _Handler(FileSystemEventHandler):
    def __init__(self, hint: Hint) -> None:
        self._hint = hint

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Every path that an event names, but not those that were only read."""
        if event.event_type not in _REPORTED:
            return
        if event.is_directory and event.event_type == "modified":
            return
        self._hint(os.fsdecode(event.src_path))
        if event.dest_path:
            self._hint(os.fsdecode(event.dest_path))
