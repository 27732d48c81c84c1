"""What is known of each model in memory, for everyone who is not the owner thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal, TypedDict, Unpack

log = logging.getLogger(__name__)

State = Literal["ready", "loading", "loaded", "failed"]


@dataclass(frozen=True, slots=True)
class Residency:
    """A model and the machine's memory."""

    state: State = "ready"
    """`ready`: not in memory, and nothing speaks against it."""
    progress: float = 0.0
    """While loading: share that is there, 0 to 1."""
    bytes: int = 0
    """Of its weights in memory now."""
    requests: int = 0
    """Admitted: they run, or wait for its load."""
    used_ms: int = 0
    """When it last ended a request, milliseconds since 1970 UTC; 0 for never."""
    detail: str = ""
    """What went wrong, or what it waits for."""
    reason: str = ""
    """Why it is in this state."""
    pinned: bool = False


class Changes(TypedDict, total=False):
    """What may be replaced. Of `leaving` and `waiting`, which say why something has to wait, one is
    shown as the detail while it is not empty."""

    state: State
    progress: float
    bytes: int
    requests: int
    used_ms: int
    detail: str
    reason: str
    pinned: bool
    leaving: str
    waiting: str


@dataclass(frozen=True, slots=True)
class _Posted(Residency):
    leaving: str = ""
    waiting: str = ""

    def shown(self) -> Residency:
        """With what it waits for."""
        kept = {f.name: getattr(self, f.name) for f in fields(Residency)}
        kept["detail"] = self.leaving or self.waiting or self.detail
        return Residency(**kept)


class Board:
    """One residency a model; `told(name)` is called, on the thread that posts, when something
    changed that a watcher wants to know: all but how many requests there are and when."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._lock = threading.Lock()
        self._posted: dict[str, _Posted] = {}

    def of(self, name: str) -> Residency:
        """Now."""
        posted = self._posted.get(name)
        return Residency() if posted is None else posted.shown()

    def post(self, name: str, **changes: Unpack[Changes]) -> None:
        """From the owner thread."""
        with self._lock:
            posted = self._posted.get(name, _Posted())
            changed = self._posted[name] = replace(posted, **changes)
        if changed == posted:
            return
        before, after = posted.shown(), changed.shown()
        if replace(after, requests=0, used_ms=0) != replace(before, requests=0, used_ms=0):
            try:
                self._told(name)
            except Exception:  # a watcher's fault must not end the thread that posts
                log.exception("a change of residency cannot be told model=%s", name)
