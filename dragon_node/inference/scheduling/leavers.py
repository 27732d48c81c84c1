"""Models that somebody wants out of memory."""

from __future__ import annotations

from common.errors import Conflict, Unavailable
from dragon_node.inference.scheduling.counts import Tally
from dragon_node.inference.scheduling.endings import fail, fail_unload
from dragon_node.inference.scheduling.inbox import Inbox, Unload
from dragon_node.inference.scheduling.residents import Held, Residents

REASON = "unloaded on request"


class Leavers:
    """Runs on the owner thread."""

    def __init__(self, inbox: Inbox, residents: Residents, tally: Tally) -> None:
        self._inbox = inbox
        self._residents = residents
        self._tally = tally

    def look(self) -> None:
        """At those who ask, and at those who waited for requests to end."""
        unloads = self._inbox.unloads()
        self._residents.pin(self._inbox.pins)
        for unload in unloads:
            self._begin(unload)
        for held in self._residents:
            if held.leaving:
                self._go(held)

    def _begin(self, unload: Unload) -> None:
        if self._residents.pinned(unload.model):
            return fail_unload(unload, _pinned(unload.model))
        held = self._residents.get(unload.model)
        if unload.now:
            self._end_all(unload.model, held)
        if held is not None:
            held.leaving.append(unload)
            if unload.now:
                self._residents.drop(held, reason=REASON)
        elif unload.future.set_running_or_notify_cancel():
            unload.future.set_result(None)
        return None

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
        if self._residents.pinned(held.name):
            leaving, held.leaving = held.leaving, []
            for unload in leaving:
                fail_unload(unload, _pinned(held.name))
            self._inbox.poke()
            return
        before = any(
            c.model == held.name and c.arrived_s < held.leaving_s for c in self._inbox.calls()
        )
        if not held.calls and not before:
            self._residents.drop(held, reason=REASON)


def _pinned(model: str) -> Conflict:
    return Conflict(f"{model} is pinned", hint=f"postdevai models unpin {model}")
