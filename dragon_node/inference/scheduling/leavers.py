"""Models that have to leave memory: somebody wants it, or their files have changed."""

from __future__ import annotations

from common.errors import Conflict, Unavailable
from dragon_node.inference.scheduling.counts import Tally
from dragon_node.inference.scheduling.endings import fail
from dragon_node.inference.scheduling.inbox import Inbox, Unload
from dragon_node.inference.scheduling.residency import Board
from dragon_node.inference.scheduling.residents import Held, Residents

REASON = "unloaded on request"
CHANGED = "its files changed"


class Leavers:
    """Runs on the owner thread."""

    def __init__(self, inbox: Inbox, residents: Residents, board: Board, tally: Tally) -> None:
        self._inbox = inbox
        self._residents = residents
        self._board = board
        self._tally = tally

    def look(self) -> None:
        """At those who ask, and at those who waited for requests to end."""
        unloads = self._inbox.unloads()
        self._residents.pin(self._inbox.pins)
        for unload in unloads:
            self._begin(unload)
        for held in self._residents:
            self._stay(held)
            if held.leaving is not None or held.outdated:
                self._go(held)

    def _begin(self, unload: Unload) -> None:
        held = self._residents.get(unload.model)
        if self._residents.pinned(unload.model):
            unload.waiters.fail(_pinned(unload.model))
        elif held is not None:
            held.leaving = unload
        else:
            if unload.now:
                self._end_all(unload.model, None)
            unload.waiters.done()

    def _stay(self, held: Held) -> None:
        """Nobody wants it out of memory any more, or nobody may."""
        unload = held.leaving
        if unload is None or not (unload.cancelled or self._residents.pinned(held.name)):
            return
        held.leaving = None
        unload.waiters.fail(_pinned(held.name))
        self._board.post(held.name, leaving="")
        self._inbox.poke()

    def _end_all(self, model: str, held: Held | None) -> None:
        error = Unavailable(f"{model} was unloaded meanwhile", hint="ask again to load it")
        for call in self._inbox.calls():
            if call.model == model and self._inbox.take(call):
                fail(call, error, self._tally)
        if held is None:
            return
        for call in held.calls:
            self._residents.leave(held, call)
            fail(call, error, self._tally)

    def _go(self, held: Held) -> None:
        if held.leaving is not None and held.leaving.now:
            self._end_all(held.name, held)
        before = [
            c for c in self._inbox.calls() if c.model == held.name and c.arrived_s < held.leaving_s
        ]
        if held.calls or before:
            self._board.post(held.name, leaving=_leaving(held, len(before)))
        else:
            self._residents.drop(held, reason=CHANGED if held.outdated else REASON)


def _leaving(held: Held, before: int) -> str:
    """What it waits for, for people."""
    requests = held.requests + before
    ends = f"{requests} requests have ended" if requests > 1 else "a request has ended"
    if not requests:
        ends = "it has been loaded"
    if held.outdated:
        return f"its files changed: it is loaded anew when {ends}"
    return f"leaving when {ends}"


def _pinned(model: str) -> Conflict:
    return Conflict(f"{model} is pinned", hint=f"postdevai models unpin {model}")
