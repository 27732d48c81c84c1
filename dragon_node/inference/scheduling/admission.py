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
from dragon_node.inference.scheduling.calls import Call, Loading, Speaking
from dragon_node.inference.scheduling.counts import Tally
from dragon_node.inference.scheduling.endings import fail, late, understood
from dragon_node.inference.scheduling.inbox import Inbox
from dragon_node.inference.scheduling.pace import Pace
from dragon_node.inference.scheduling.residency import Board
from dragon_node.inference.scheduling.residents import Held, Residents
from dragon_node.inference.scheduling.source import Needs, Source
from dragon_node.inference.scheduling.stand_ins import StandIns

ASKS_MAX = 64
"""Decisions that are obeyed for one want in a row; more would be a circle."""
AGAIN_S = (0.05, 5.0)
"""Who waits asks again after so long at the earliest and at the latest: the lake's share may have
changed, of which nobody tells."""
PATIENCE_S = 5.0
"""Who has waited so long for memory is not overtaken any more by those who would keep it."""

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
        self._begin = begin
        self._prefill_tokens = prefill_tokens
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
        for call in calls:
            now_s = self._clock()
            if call.deadline_s <= now_s:
                self._refuse(call, late(call, "waited to begin"))
                continue
            if not self._open(call):
                call.free()
            elif held_back and self._keeps(call):
                call.again_s, call.seen = math.inf, -1
            elif self._due(call, now_s):
                self._try(call)
            held_back = held_back or now_s - call.blocked_s > PATIENCE_S

    def next_s(self) -> float:
        """When somebody who waits should be looked at, on the clock; infinity when nobody."""
        return min(
            (min(c.deadline_s, c.again_s) for c in self._inbox.calls()),
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

    def _open(self, call: Call) -> bool:
        """Its model takes one more."""
        held = self._residents.get(call.model)
        if held is not None and call.arrived_s >= held.leaving_s:
            return False
        return not isinstance(call, Speaking) or self._free_slot(call.model)

    def _free_slot(self, name: str) -> bool:
        held = self._residents.get(name)
        if held is None:
            return True
        slots = self._source.slots(name) if held.engine is None else held.engine.slots
        return held.speaking < max(1, slots)

    def _due(self, call: Call, now_s: float) -> bool:
        if isinstance(call, Speaking) and call.readings and not call.read:
            return self._stand_ins.done(call)
        return call.seen != self._residents.version or now_s >= call.again_s

    def _keeps(self, call: Call) -> bool:
        """It would take memory, or keep a model there that could go."""
        held = self._residents.get(call.model)
        return held is None or call.tokens > 0 or not self._residents.pinned(call.model)

    def _try(self, call: Call) -> None:
        """What is wrong with a model ends the call. What is wrong beside that ends the thread: a
        call that was taken must not be lost."""
        try:
            decided = self._decide(call)
        except PostDevAIError as why:
            self._refuse(call, why)
            return
        match decided:
            case Held():
                self._admit(call, decided)
            case Refuse(sentence=sentence, hint=hint):
                self._refuse(call, OverLimit(sentence, hint=hint))
            case Wait(seconds=seconds):
                self._put_off(call, seconds)

    def _decide(self, call: Call) -> Held | Wait | Refuse:
        while True:
            match self._obtain(call, self._alternatives(call)):
                case Admit():
                    return self._residents.get(call.model) or self._opened(call.model)
                case Instead(model=model, sentence=sentence):
                    self._stand_ins.take(call, model, sentence)
                case Wait() | Refuse() as answer:
                    if not isinstance(call, Speaking) or not self._stand_ins.read(call):
                        return answer
                    return Wait(AGAIN_S[1], "alternatives read the request")

    def _obtain(self, call: Call, alternatives: tuple[Want, ...]) -> Answer:
        want = self._want(call.model, call.tokens, alternatives)
        if want.bytes == 0 and self._residents.get(call.model) is not None:
            return Admit()
        return self.obtain(want)

    def _want(self, name: str, tokens: int, alternatives: tuple[Want, ...] = ()) -> Want:
        held = self._residents.get(name)
        needs = self._needs(name) if held is None else held.needs
        alone = needs.kv_bytes([tokens]) if tokens else 0
        if held is None:
            return Want(name, needs.weight_bytes, alone, alone, alternatives)
        more = held.kv_bytes(tokens) - held.kv_bytes() if tokens else 0
        return Want(name, 0, max(0, more), alone, alternatives)

    def _alternatives(self, call: Call) -> tuple[Want, ...]:
        """Of those that have read the request, and could take it."""
        if not isinstance(call, Speaking):
            return ()
        wants: list[Want] = []
        for name, prompted in self._stand_ins.readings(call):
            held = self._residents.get(name)
            if (held is not None and held.leaving) or not self._free_slot(name):
                continue
            try:
                tokens = len(prompted.tokens) + prompted.request.max_tokens
                wants.append(self._want(name, tokens))
            except PostDevAIError:
                continue  # it cannot stand in: the refusal will speak of the model that was asked
        return tuple(wants)

    def _opened(self, name: str) -> Held:
        needs = self._needs(name)
        try:
            opening = self._source.opening(name)
        except Exception as why:  # one model's fault must not end the others
            raise understood(why, f"{name} does not load") from why
        pace = Pace(self._prefill_tokens)
        return Held(name, needs, pace, opening, weight_bytes=needs.weight_bytes)

    def _needs(self, name: str) -> Needs:
        try:
            return self._source.needs(name)
        except Exception as why:  # one model's fault must not end the others
            raise understood(why, f"{name} does not say what it needs") from why

    def _admit(self, call: Call, held: Held) -> None:
        if not self._inbox.take(call):
            return  # its caller has gone meanwhile
        held.waiting.append(call)
        if self._residents.get(held.name) is None:
            self._residents.add(held, call.reason)
        else:
            self._residents.enter(held)
        if held.opening is None:
            self._begin(held, call)

    def _put_off(self, call: Call, seconds: float) -> None:
        now_s = self._clock()
        call.seen = self._residents.version
        call.again_s = now_s + min(max(seconds, AGAIN_S[0]), AGAIN_S[1])
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
