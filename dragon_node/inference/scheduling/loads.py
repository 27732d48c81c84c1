"""Models on their way into memory: one slice at a time, between the steps of those that speak."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast

from common.errors import Missing, OverLimit, PostDevAIError, Unavailable
from dragon_node.inference.budget.ledger import Admit, Refuse, Wait, Want
from dragon_node.inference.engines.engine import Engine, VectorEngine
from dragon_node.inference.scheduling.admission import Answer
from dragon_node.inference.scheduling.calls import Call, Speaking
from dragon_node.inference.scheduling.counts import Tally
from dragon_node.inference.scheduling.endings import changed, fail, late
from dragon_node.inference.scheduling.inbox import Inbox
from dragon_node.inference.scheduling.residency import Board
from dragon_node.inference.scheduling.residents import Held, Residents, speaker, turn_of
from dragon_node.inference.scheduling.source import Source

log = logging.getLogger(__name__)


class Loads:
    """Runs on the owner thread."""

    def __init__(
        self,
        source: Source,
        inbox: Inbox,
        residents: Residents,
        board: Board,
        tally: Tally,
        clock: Callable[[], float],
        obtain: Callable[[Want], Answer],
        begin: Callable[[Held, Call], None],
    ) -> None:
        self._source = source
        self._inbox = inbox
        self._residents = residents
        self._board = board
        self._tally = tally
        self._clock = clock
        self._obtain = obtain
        self._begin = begin
        self._last = ""

    def slice(self) -> None:
        """The next slice of one load; each in its turn."""
        loading = [h for h in self._residents if h.opening is not None]
        if not loading:
            return
        held = next((h for h in loading if h.name > self._last), None)
        if held is None:
            held = loading[0]
        self._last = held.name
        self._sweep(held)
        self._advance(held)

    def fail(self, held: Held, error: PostDevAIError) -> None:
        """Ends a load and everyone who waits for it."""
        waiting = held.calls
        self._residents.drop(held, state="failed", detail=error.message, reason="it does not load")
        for call in waiting:
            fail(call, error, self._tally)

    def _advance(self, held: Held) -> None:
        assert held.opening is not None
        try:
            share = next(held.opening)
        except StopIteration as done:
            self._loaded(held, cast("Engine | VectorEngine", done.value))
        except PostDevAIError as why:
            self.fail(held, why)
        except Exception as why:  # MLX, mlx_lm and transformers raise what they like
            log.exception("a model does not load model=%s", held.name)
            self.fail(
                held,
                Unavailable(
                    f"model failed: {held.name} does not load: {why}",
                    hint=f"delete its directory and run: postdevai models pull {held.name}",
                ),
            )
        else:
            self._board.post(held.name, progress=round(share, 2))

    def _loaded(self, held: Held, engine: Engine | VectorEngine) -> None:
        if (error := self._mixed(held) or self._too_much(held, engine)) is not None:
            engine.close()
            self.fail(held, error)
            return
        self._residents.loaded(held, engine)
        for call in list(held.waiting):
            slots = 1 if held.engine is None else max(1, held.engine.slots)
            if isinstance(call, Speaking) and len(held.live) >= slots:
                self._give_back(held, call)
            else:
                self._begin(held, call)

    def _give_back(self, held: Held, call: Speaking) -> None:
        """Its model turns out to have fewer slots than was said: it waits for one."""
        self._residents.leave(held, call)
        call.free(turn_of(held))
        if not self._inbox.give_back(call):
            error = Unavailable(self._inbox.shut or "nobody waits for it any more")
            fail(call, error, self._tally)

    def _mixed(self, held: Held) -> PostDevAIError | None:
        """Its files have changed while they were read: nobody knows what of which is there."""
        try:
            stamp = self._source.stamp(held.name)
        except Missing:
            return None  # it has left the catalogue: its files are what they were
        except PostDevAIError as why:
            return why
        return None if stamp == held.stamp else changed(held.name)

    def _too_much(self, held: Held, engine: Engine | VectorEngine) -> OverLimit | None:
        """None when it takes no more than its files said, or there is room for that as well."""
        tokens = [c.tokens for c in held.calls if c.tokens]
        speaking = speaker(engine)
        kv_bytes = speaking.kv_bytes(tokens) if speaking is not None and tokens else 0
        more = engine.weight_bytes + kv_bytes - held.weight_bytes - held.kv_bytes()
        if more <= 0:
            return None
        match self._obtain(Want(held.name, more, 0)):
            case Admit():
                return None
            case Wait(sentence=sentence) | Refuse(sentence=sentence):
                why = sentence
            case other:
                why = str(other)
        return OverLimit(f"{held.name} takes {more} bytes more than its files said: {why}")

    def _sweep(self, held: Held) -> None:
        """Those who will not wait for it any longer; the load goes on for whoever comes."""
        now_s = self._clock()
        for call in list(held.waiting):
            if call.cancelled or call.deadline_s <= now_s:
                self._residents.leave(held, call)
                fail(call, late(call, f"waited for {held.name} to load"), self._tally)
