"""The one thread that owns MLX: what it does in one turn, in order."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from common.errors import PostDevAIError
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.scheduling.admission import Admission
from dragon_node.inference.scheduling.calls import Call, Embedding, Loading, Speaking
from dragon_node.inference.scheduling.counts import Tally
from dragon_node.inference.scheduling.endings import fail
from dragon_node.inference.scheduling.guarded import Guarded
from dragon_node.inference.scheduling.inbox import Inbox
from dragon_node.inference.scheduling.leavers import Leavers
from dragon_node.inference.scheduling.loads import Loads
from dragon_node.inference.scheduling.residency import Board
from dragon_node.inference.scheduling.residents import Held, Residents
from dragon_node.inference.scheduling.slices import Slices
from dragon_node.inference.scheduling.source import Source
from dragon_node.inference.scheduling.stand_ins import StandIns
from dragon_node.inference.scheduling.steps import Steps


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What outlives a thread."""

    source: Source
    governor: Governor
    inbox: Inbox
    board: Board
    tally: Tally
    clock: Callable[[], float]
    readers: Executor
    """Where alternatives read a request."""
    prefill_tokens: int
    """Tokens of prompts a step; 0 for what keeps those who speak from stuttering."""


class Owner:
    """Lives on one thread, with everything that it has loaded."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.turned_s = math.inf
        """When the present turn began; infinity while nothing is to be done."""
        self._residents = Residents(around.governor, around.board, around.clock)
        residents, tally, clock = self._residents, around.tally, around.clock
        source = Guarded(around.source)
        self._steps = Steps(source, residents, tally, clock)
        self._slices = Slices(residents, tally, self._steps.fail)
        self._leavers = Leavers(around.inbox, residents, around.board, tally)
        self._admission = Admission(
            source,
            around.governor,
            around.inbox,
            residents,
            around.board,
            tally,
            clock,
            StandIns(around.readers, around.inbox.poke),
            self._begin,
            around.prefill_tokens,
        )
        self._loads = Loads(
            source,
            around.inbox,
            residents,
            around.board,
            tally,
            clock,
            self._admission.obtain,
            self._begin,
        )

    def run(self) -> None:
        """Until the inbox is closed."""
        while self._around.inbox.wait(self._pause_s()):
            self.turned_s = self._around.clock()
            self._turn()
            self.turned_s = math.inf

    def end(self, error: PostDevAIError) -> None:
        """Frees every model and tells everyone who waits. Nobody is forgotten."""
        around = self._around
        calls, unloads = around.inbox.shutting(error.message)
        try:
            for held in self._residents:
                calls += held.calls
                self._residents.drop(held, reason=error.message)
        finally:
            self._admission.end()
            around.tally.running(0, 0)
            for call in calls:
                fail(call, error, around.tally)
            for unload in unloads:
                unload.waiters.fail(error)

    def _turn(self) -> None:
        self._leavers.look()
        self._admission.look()
        self._loads.slice()
        self._steps.all()
        self._slices.one()
        self._leavers.look()
        waiting = sum(h.speaking - len(h.live) for h in self._residents)
        self._around.tally.running(waiting, sum(len(h.live) for h in self._residents))

    def _pause_s(self) -> float | None:
        if self._residents.busy or self._admission.behind:
            return 0
        next_s = self._admission.next_s()
        return None if next_s == math.inf else max(0.001, next_s - self._around.clock())

    def _begin(self, held: Held, call: Call) -> None:
        """An admitted call finds its model in memory."""
        match call:
            case Speaking():
                self._steps.begin(held, call)
            case Embedding():
                self._slices.begin(held, call)
            case Loading():
                self._residents.leave(held, call)
                call.done()
            case _:
                raise TypeError(type(call))
