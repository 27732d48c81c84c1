"""Keeps an owner thread alive: one that dies is told of, and the next begins after a while."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from common.errors import PostDevAIError, Unavailable
from dragon_node.inference.scheduling.calls import Loading
from dragon_node.inference.scheduling.inbox import Inbox
from dragon_node.inference.scheduling.owner import Owner

log = logging.getLogger(__name__)

STOPPING = "the Dragon is stopping"
BACKOFF_S = (1.0, 60.0)
"""After the first death, and at most; doubled each time."""
WELL_S = 60.0
"""Who has lived so long starts with the shortest backoff again."""
STUCK_S = 120.0
"""A turn that takes longer is told as a fault: the longest honest one reads 2,048 tokens."""


class Lives:
    """One thread at a time. What it loaded dies with it: MLX's streams belong to their thread."""

    def __init__(
        self,
        inbox: Inbox,
        owner: Callable[[], Owner],
        clock: Callable[[], float],
        backoff_s: float = BACKOFF_S[0],
    ) -> None:
        self._inbox = inbox
        self._make = owner
        self._clock = clock
        self._backoff_s = self._next_backoff_s = backoff_s
        self._fault = ""
        self._stopping = threading.Event()
        self._owner: Owner | None = None
        self._changing = threading.Lock()
        self._thread = self._start(0.0)

    @property
    def fault(self) -> str:
        """Why nothing can be generated; empty when it can."""
        owner = self._owner
        if self._fault or owner is None:
            return self._fault
        seconds = self._clock() - owner.turned_s
        if seconds > STUCK_S:
            return f"the thread that owns the models has not come back for {seconds:.0f} s"
        return ""

    def close(self) -> None:
        """Ends the thread after its present step; blocks until it has."""
        self._inbox.close(STOPPING)
        self._stopping.set()
        joined = None
        while (thread := self._present()) is not joined:  # a dying one starts the next
            thread.join()
            joined = thread

    def _start(self, after_s: float) -> threading.Thread:
        thread = threading.Thread(target=self._live, args=(after_s,), name="mlx", daemon=True)
        thread.start()
        return thread

    def _present(self) -> threading.Thread:
        with self._changing:
            return self._thread

    def _live(self, after_s: float) -> None:
        self._stopping.wait(after_s)
        owner = self._owner = self._make()
        died, self._fault = bool(self._fault), ""
        self._inbox.open()
        if died:
            self._load_pinned()
        begun_s = self._clock()
        try:
            owner.run()
        except BaseException as why:  # whatever ends it: nobody may wait for the dead
            log.exception("the thread that owns the models died")
            self._died(owner, why, self._clock() - begun_s)
        else:
            owner.end(Unavailable(STOPPING, hint="ask again in a moment"))

    def _load_pinned(self) -> None:
        """What was in memory whatever happens is there again before somebody asks for it."""
        for name in sorted(self._inbox.pins):
            asks = Loading(
                model=name, reason="it is pinned", arrived_s=self._clock(), background=True
            )
            try:
                self._inbox.prepare(asks)
            except PostDevAIError as why:
                log.warning("a pinned model is not loaded model=%s: %s", name, why.message)

    def _died(self, owner: Owner, why: BaseException, lived_s: float) -> None:
        if lived_s > WELL_S:
            self._next_backoff_s = self._backoff_s
        after_s = self._next_backoff_s
        self._next_backoff_s = min(after_s * 2, BACKOFF_S[1])
        self._fault = (
            f"the thread that owns the models died: {type(why).__name__}: {why}; "
            f"the next begins after {after_s:g} s"
        )
        try:
            owner.end(Unavailable(self._fault, hint="ask again in a moment"))
        finally:
            with self._changing:
                self._thread = self._start(after_s)
