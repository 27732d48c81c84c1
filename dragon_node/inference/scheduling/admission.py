"""Who may begin: asks the governor for everyone who waits, in order, and obeys it."""

from __future__ import annotations

import math
from collections.abc import Callable

from common.errors import OverLimit, PostDevAIError
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.budget.ledger import (
    Admit,
    Evict,
    Instead,
    Refuse,
    Trim,
    Wait,
    Want,
)
from dragon_node.inference.scheduling.calls import Call, Embedding, Loading, Speaking
from dragon_node.inference.scheduling.counts import Tally
from dragon_node.inference.scheduling.endings import changed, fail, late
from dragon_node.inference.scheduling.inbox import Inbox
from dragon_node.inference.scheduling.notices import Notices
from dragon_node.inference.scheduling.pace import Pace
from dragon_node.inference.scheduling.residency import Board
from dragon_node.inference.scheduling.residents import Held, Residents, turn_of
from dragon_node.inference.scheduling.source import Source
from dragon_node.inference.scheduling.stand_ins import StandIns
from dragon_node.inference.scheduling.wants import Wants

ASKS_MAX = 64
"""Decisions that are obeyed for one want in a row; more would be a circle."""
AGAIN_S = (0.05, 5.0)
"""Who waits asks again after so long at the earliest and at the latest: an embedder beside MLX may
have given its memory back, of which nobody tells."""
PATIENCE_S = 5.0
"""Who has waited so long for memory is not overtaken any more by those who would keep it."""

BEHIND = "it waits for memory behind one that came first"

Answer = Admit | Instead | Wait | Refuse


class Admission:
    """Runs on the owner thread. `begin(held, call)` is told of each call that was admitted to a
    model in memory."""

    def __init__(
        self,
        source: Source,
        governor: Governor,
        inbox: Inbox,
        residents: Residents,
        board: Board,
        tally: Tally,
        clock: Callable[[], float],
        stand_ins: StandIns,
        begin: Callable[[Held, Call], None],
        prefill_tokens: int = 0,
    ) -> None:
        self._source = source
        self._governor = governor
        self._inbox = inbox
        self._residents = residents
        self._board = board
        self._tally = tally
        self._clock = clock
        self._stand_ins = stand_ins
        self._wants = Wants(source, residents, stand_ins)
        self._begin = begin
        self._prefill_tokens = prefill_tokens
        self._notices = Notices(board, clock)
        self._looked = -1

    @property
    def behind(self) -> bool:
        """Something has changed since it last looked at those who wait."""
        return self._looked != self._residents.version and bool(self._inbox.calls())

    def look(self) -> None:
        """Once for everyone who waits."""
        self._looked = self._residents.version
        calls = self._inbox.calls()
        self._residents.pin(self._inbox.pins)
        held_back = False
        said: dict[str, str] = {}
        for call in calls:
            if self._lacks_memory(call, held_back):
                held_back = held_back or self._clock() - call.blocked_s > PATIENCE_S
                if call.waits:
                    said.setdefault(call.model, call.waits)
        self._notices.post(said)

    def end(self) -> None:
        """Nobody waits any more."""
        self._notices.post({})

    def _lacks_memory(self, call: Call, held_back: bool) -> bool:
        """Lets it begin if it can. True when it still waits, and memory is what it waits for."""
        now_s = self._clock()
        if call.deadline_s <= now_s:
            self._refuse(call, late(call, "waited to begin"))
        elif waits := self._shut(call):
            call.free(waits)
        elif held_back and self._keeps(call):
            call.again_s, call.seen, call.waits = math.inf, -1, BEHIND
            return True
        elif self._due(call, now_s):
            return self._try(call)
        else:
            return call.blocked_s < math.inf
        return False

    def next_s(self) -> float:
        """When somebody who waits should be looked at, on the clock; infinity when nobody."""
        again_s = self._clock() + AGAIN_S[1]
        return min(
            (min(c.deadline_s, c.again_s, again_s) for c in self._inbox.calls()),
            default=math.inf,
        )

    def obtain(self, want: Want) -> Answer:
        """Asks, gives back what it is told to give back, and asks again."""
        for _ in range(ASKS_MAX):
            match self._governor.ask(want):
                case Trim(bytes=needed_bytes):
                    self._residents.trim(needed_bytes)
                case Evict(names=names, sentence=sentence):
                    self._evict(names, sentence)
                case Admit() | Instead() | Wait() | Refuse() as answer:
                    return answer
        return Wait(AGAIN_S[1], "memory is not given back")

    def _shut(self, call: Call) -> str:
        """Why its model takes nobody for now; empty when it does, or is not there."""
        held = self._residents.get(call.model)
        if held is None:
            return ""
        if call.arrived_s >= held.leaving_s:
            return f"{held.name} leaves memory first"
        return turn_of(held) if isinstance(call, Speaking) and held.full else ""

    def _due(self, call: Call, now_s: float) -> bool:
        if isinstance(call, Speaking) and call.readings and not call.read:
            call.again_s = now_s + AGAIN_S[1]  # whoever has read says so
            return self._stand_ins.done(call)
        return call.seen != self._residents.version or now_s >= call.again_s

    def _keeps(self, call: Call) -> bool:
        """It would take memory, or keep a model there that could go."""
        held = self._residents.get(call.model)
        return held is None or call.tokens > 0 or not self._residents.pinned(call.model)

    def _try(self, call: Call) -> bool:
        """True when it has to wait. What is wrong with a model ends the call. What is wrong beside
        that ends the thread: a call that was taken must not be lost."""
        try:
            decided = self._decide(call)
        except PostDevAIError as why:
            self._refuse(call, why)
            return False
        match decided:
            case Held():
                self._admit(call, decided)
            case Refuse(sentence=sentence, hint=hint):
                self._refuse(call, OverLimit(sentence, hint=hint))
            case Wait() as wait:
                self._put_off(call, wait)
                return True
        return False

    def _decide(self, call: Call) -> Held | Wait | Refuse:
        while True:
            if self._outdated(call):
                return Wait(AGAIN_S[1], "")  # until it has left, which is a change
            match self._obtain(call):
                case Admit():
                    return self._residents.get(call.model) or self._opened(call)
                case Instead(model=model, sentence=sentence):
                    self._stand_ins.take(call, model, sentence)
                case Wait() | Refuse() as answer:
                    if not isinstance(call, Speaking) or not self._stand_ins.read(call):
                        return answer
                    return Wait(AGAIN_S[1], "")  # while those that may stand in read it

    def _obtain(self, call: Call) -> Answer:
        want = self._wants.of(call)
        if want.bytes == 0 and self._residents.get(call.model) is not None:
            return Admit()
        return self.obtain(want)

    def _outdated(self, call: Call) -> bool:
        """Its model is of other files than there are now, and is on its way out of memory. Raises
        when the request is of others than there are."""
        held = self._residents.get(call.model)
        if held is None or isinstance(call, Embedding) or held.stamp == call.stamp:
            return False
        if isinstance(call, Speaking) and not call.stamp:
            return False
        stamp = self._source.stamp(call.model)
        if stamp != held.stamp:
            self._residents.outdate(held)
            return True
        if call.stamp:
            raise changed(call.model)
        return False

    def _opened(self, call: Call) -> Held:
        name = call.model
        stamp = self._source.stamp(name)
        if call.stamp not in ("", stamp):
            raise changed(name)
        needs = self._source.needs(name)
        slots, opening = self._source.slots(name), self._source.opening(name)
        pace = Pace(self._prefill_tokens)
        return Held(name, needs, pace, slots, stamp, opening, weight_bytes=needs.weight_bytes)

    def _admit(self, call: Call, held: Held) -> None:
        if not self._inbox.take(call):
            return  # its caller has gone meanwhile
        call.waits = ""
        held.waiting.append(call)
        if self._residents.get(held.name) is None:
            self._residents.add(held, call.reason)
        else:
            self._residents.enter(held)
        if held.opening is None:
            self._begin(held, call)

    def _put_off(self, call: Call, wait: Wait) -> None:
        now_s = self._clock()
        call.seen = self._residents.version
        call.waits = wait.sentence
        call.again_s = now_s + min(max(wait.seconds, AGAIN_S[0]), AGAIN_S[1])
        call.blocked_s = min(call.blocked_s, now_s)

    def _refuse(self, call: Call, error: PostDevAIError) -> None:
        if not self._inbox.take(call):
            return  # its caller has gone meanwhile
        if isinstance(call, Loading) and isinstance(error, OverLimit):
            self._board.post(call.model, detail=error.message)
        fail(call, error, self._tally)

    def _evict(self, names: tuple[str, ...], sentence: str) -> None:
        for name in names:
            held = self._residents.get(name)
            if held is not None and not held.calls and not self._residents.pinned(name):
                self._residents.drop(held, reason=sentence)
                self._tally.add(evicted=1)
