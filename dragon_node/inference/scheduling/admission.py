"""Who may begin: asks the governor for everyone who waits, in order, and obeys it."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor

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
from dragon_node.inference.scheduling.source import Source

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
        readers: Executor,
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
        self._readers = readers
        self._begin = begin
        self._prefill_tokens = prefill_tokens

    def look(self) -> None:
        """Once for everyone who waits."""
        held_back = False
        for call in self._inbox.calls():
            now_s = self._clock()
            if call.deadline_s <= now_s:
                self._refuse(call, late(call, "waited to begin"))
                continue
            if not self._open(call) or (held_back and self._keeps(call)):
                continue
            if self._due(call, now_s):
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
            return all(reading.done() for reading in call.readings.values())
        return call.seen != self._residents.version or now_s >= call.again_s

    def _keeps(self, call: Call) -> bool:
        """It would take memory, or keep a model there that could go."""
        held = self._residents.get(call.model)
        return held is None or call.tokens > 0 or not self._residents.pinned(call.model)

    def _try(self, call: Call) -> None:
        try:
            self._decide(call)
        except Exception as why:  # a model's fault, not the thread's: its files, its catalogue
            self._refuse(call, understood(why, f"{call.model} cannot begin"))

    def _decide(self, call: Call) -> None:
        while True:
            wants = self._alternatives(call)
            match self._obtain(call, wants):
                case Admit():
                    self._admit(call)
                    return
                case Instead(model=model, sentence=sentence):
                    self._stand_in(call, model, sentence)
                case Wait() | Refuse() as answer:
                    if isinstance(call, Speaking) and self._read(call):
                        return
                    self._put_off(call, answer)
                    return

    def _obtain(self, call: Call, alternatives: tuple[Want, ...]) -> Answer:
        want = self._want(call.model, call.tokens, alternatives)
        if want.bytes == 0 and self._residents.get(call.model) is not None:
            return Admit()
        return self.obtain(want)

    def _want(self, name: str, tokens: int, alternatives: tuple[Want, ...] = ()) -> Want:
        held = self._residents.get(name)
        needs = self._source.needs(name) if held is None else held.needs
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
        for name, reading in call.readings.items():
            held = self._residents.get(name)
            leaving = held is not None and bool(held.leaving)
            if not reading.done() or leaving or not self._free_slot(name):
                continue
            try:
                prompted = reading.result()
                tokens = len(prompted.tokens) + prompted.request.max_tokens
                wants.append(self._want(name, tokens))
            except PostDevAIError:
                continue  # it cannot stand in: the refusal will speak of the model that was asked
        return tuple(wants)

    def _read(self, call: Speaking) -> bool:
        """True while the alternatives' readings are to be waited for."""
        if call.read or not call.alternatives:
            return False
        if not call.readings:
            for alternative in call.alternatives:
                reading = self._readers.submit(alternative.read)
                call.readings[alternative.name] = reading
                reading.add_done_callback(lambda _: self._inbox.poke())
            return True
        call.read = all(reading.done() for reading in call.readings.values())
        return not call.read

    def _stand_in(self, call: Call, model: str, sentence: str) -> None:
        assert isinstance(call, Speaking)  # nobody else has alternatives
        call.prompted = call.readings[model].result()
        call.model, call.instead = model, sentence
        call.alternatives, call.readings = (), {}

    def _admit(self, call: Call) -> None:
        held = self._residents.get(call.model)
        opened = None
        if held is None:
            needs = self._source.needs(call.model)
            opening = self._source.opening(call.model)
            held = opened = Held(
                call.model,
                needs,
                Pace(self._prefill_tokens),
                opening,
                weight_bytes=needs.weight_bytes,
            )
        if not self._inbox.take(call):
            return  # its caller has gone meanwhile
        held.waiting.append(call)
        if opened is not None:
            self._residents.add(opened, call.reason)
        else:
            self._residents.enter(held)
        if held.opening is None:
            self._begin(held, call)

    def _put_off(self, call: Call, answer: Wait | Refuse) -> None:
        now_s = self._clock()
        match answer:
            case Wait(seconds=seconds):
                call.seen = self._residents.version
                call.again_s = now_s + min(max(seconds, AGAIN_S[0]), AGAIN_S[1])
                call.blocked_s = min(call.blocked_s, now_s)
            case Refuse(sentence=sentence, hint=hint):
                self._refuse(call, OverLimit(sentence, hint=hint))

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
