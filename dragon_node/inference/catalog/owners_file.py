"""The owner's models.toml while it is edited: what it says now, or said when it last was right.

HOME/dragon/models.toml             the owner's
HOME/dragon/models.last-good.toml   a copy, made when it was read without a fault: what a start with
                                    a slip in the file goes by
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

from common.daemon.files import write_private
from common.errors import Invalid
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.catalog.toml_file import entries_of, text_of

log = logging.getLogger(__name__)

Entries = tuple[Entry, ...]


class OwnersFile:
    """Read again when it has changed. Any thread may call."""

    def __init__(self, path: Path, defaults: Entries) -> None:
        self._path = path
        self._copy = path.with_name(f"{path.stem}.last-good{path.suffix}")
        self._defaults = defaults
        self._lock = threading.Lock()
        self._stamp: Any = None
        self._good: Entries | None = None
        self._fault = ""

    def read(self) -> tuple[Entries, str]:
        """The last good entries, defaults first, and what is wrong in the file now; empty when
        nothing is."""
        with self._lock:
            stamp = _stamp(self._path)
            if self._good is None or stamp != self._stamp:
                self._stamp = stamp
                self._good = self._refreshed()
            return self._good, self._fault

    def _refreshed(self) -> Entries:
        try:
            text = text_of(self._path)
            good = entries_of(self._path, text, self._defaults)
        except Invalid as why:
            good, goes_by = self._last_good()
            self._fault = f"{why.message}; until then {goes_by}"
            return good
        self._fault = ""
        if text is not None:
            self._keep(text)
        return good

    def _last_good(self) -> tuple[Entries, str]:
        """And what that is, for people."""
        if self._good is not None:
            return self._good, "what it said before holds"
        try:
            text = text_of(self._copy)
            good = entries_of(self._copy, text, self._defaults)
        except Invalid as why:
            return self._defaults, f"the defaults hold, for the copy is of no use: {why.message}"
        if text is None:
            return good, "the defaults hold"
        return good, f"what it said before holds, kept in {self._copy.name}"

    def _keep(self, text: str) -> None:
        """When it cannot be kept the file still holds, only a later slip would cost more."""
        try:
            if text != text_of(self._copy):
                write_private(self._copy, text.encode("utf-8"))
        except (Invalid, OSError) as why:
            log.warning("%s cannot be kept: %s", self._copy, why)


def _stamp(path: Path) -> Any:
    try:
        found = path.stat()
    except OSError:  # not there, or not ours to look at: reading it says which
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
