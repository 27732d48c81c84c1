"""Requests that speak: they join a model's batch, get what each step made for them, and leave."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from common.errors import Invalid, PostDevAIError, Unavailable
from common.model.llm import Finish, Generated
from dragon_node.inference.engines.engine import Made
from dragon_node.inference.reading.prompted import Said
from dragon_node.inference.scheduling.calls import Speaking
from dragon_node.inference.scheduling.counts import Tally
from dragon_node.inference.scheduling.endings import fail, late, understood
from dragon_node.inference.scheduling.residents import Held, Residents
from dragon_node.inference.scheduling.source import Source

Ending = Finish | PostDevAIError
"""How a request ended; "" when it has not."""

IDLE_STEPS_MAX = 100
"""An engine that does nothing for so long while requests wait never will."""

log = logging.getLogger(__name__)


class Steps:
    """Runs on the owner thread."""

    def __init__(
        self, source: Source, residents: Residents, tally: Tally, clock: Callable[[], float]
    ) -> None:
        self._source = source
        self._residents = residents
        self._tally = tally
        self._clock = clock

    def begin(self, held: Held, call: Speaking) -> None:
        """An admitted request joins the batch; its caches are spoken for already."""
        if held.engine is None:
            refusal = Invalid(f"{held.name} embeds; it does not speak", field="model")
            return self._fail(held, call, refusal)
        if call.cancelled:
            return self._fail(held, call, late(call, "waited to begin"))
        try:
            call.speech = self._source.speech(call.model, call.prompted)
            inserted = held.engine.insert(call.prompted)
        except Exception as why:  # one request's fault must not end the others
            if not isinstance(why, PostDevAIError):
                log.exception("a request does not begin model=%s", held.name)
            return self._fail(held, call, understood(why, f"{held.name} cannot begin"))
        held.waiting.remove(call)
        held.live[inserted.slot] = call
        call.slot, call.cached_tokens = inserted.slot, inserted.cached_tokens
        self._residents.enter(held)
        self._tally.began(len(call.prompted.tokens), inserted.cached_tokens)
        if call.instead:
            self._tally.add(instead=1)
            call.mailbox.put(Generated("", model=call.model, instead=call.instead))
        return None

    def all(self) -> None:
        """One step for each model that has requests."""
        for held in self._residents:
            if held.live:
                self._sweep(held)
            if held.live:
                self._step(held)

    def fail(self, held: Held, error: PostDevAIError) -> None:
        """Ends a model and everyone who speaks with it. It is loaded anew when somebody asks."""
        calls = held.calls
        self._residents.drop(held, state="failed", detail=error.message, reason="it failed")
        for call in calls:
            fail(call, error, self._tally)

    def _step(self, held: Held) -> None:
        assert held.engine is not None
        begun_s = self._clock()
        try:
            stepped = held.engine.step(held.pace.prompt_tokens(speaking=self._somebody_waits()))
            heard = [(held.live[made.slot], made) for made in stepped.made]
        except Exception as why:  # one model's fault must not end the others
            log.exception("a step failed model=%s", held.name)
            self.fail(held, understood(why, f"{held.name} failed while it spoke"))
            return
        held.pace.saw(stepped, self._clock() - begun_s)
        held.idle_steps = 0 if stepped.made or stepped.prompt_tokens else held.idle_steps + 1
        if held.idle_steps > IDLE_STEPS_MAX:
            self.fail(held, Unavailable(f"{held.name} does not get on with what it was asked"))
            return
        self._tally.stepped(stepped.width, len(stepped.made), stepped.prompt_tokens)
        endings: dict[Speaking, Ending] = {}
        for call, made in heard:
            if not endings.get(call):  # else the answer was over before that token
                endings[call] = self._hear(held, call, made)
        self._settle(held, tuple(endings.items()))

    def _somebody_waits(self) -> bool:
        """For the next token, or for vectors."""
        return any(
            h.texts or any(c.completion_tokens for c in h.live.values()) for h in self._residents
        )

    def _hear(self, held: Held, call: Speaking, made: Made) -> Ending:
        assert held.engine is not None
        assert call.speech is not None
        call.completion_tokens += 1
        try:
            said = Said() if made.token is None else call.speech.feed(made.token)
            call.mailbox.put(call.piece(said, made))
            if not said.ended:
                return self._rest(call, made.finish)
        except Exception as why:  # one request's words must not end the others
            log.exception("a token cannot be read model=%s", held.name)
            held.engine.remove(call.slot)
            return understood(why, f"{held.name} cannot be understood")
        held.engine.remove(call.slot)
        return "stop"

    def _rest(self, call: Speaking, finish: Finish) -> Finish:
        """What was held back, when that was the last token."""
        assert call.speech is not None
        if not finish:
            return finish
        said = call.speech.end(cut=finish != "stop")
        call.mailbox.put(call.piece(said))
        return "stop" if said.ended else finish

    def _settle(self, held: Held, endings: Sequence[tuple[Speaking, Ending]]) -> None:
        """First the ledger, then the callers: whoever has the last piece finds the memory free."""
        assert held.engine is not None
        over: list[tuple[Speaking, Ending]] = [(call, ending) for call, ending in endings if ending]
        if over:
            self._residents.leave(held, *(call for call, _ in over))
        elif held.engine.cache_bytes != held.entered_cache_bytes:
            self._residents.enter(held)
        for call, ending in over:
            if isinstance(ending, PostDevAIError):
                fail(call, ending, self._tally)
            elif ending:
                self._tally.ended("finished")
                call.mailbox.end(call.last(ending))
        if not held.live:
            held.engine.rest()

    def _fail(self, held: Held, call: Speaking, error: PostDevAIError) -> None:
        self._residents.leave(held, call)
        fail(call, error, self._tally)

    def _sweep(self, held: Held) -> None:
        """Those who have gone, and those whose time is up."""
        assert held.engine is not None
        now_s = self._clock()
        endings: list[tuple[Speaking, Ending]] = []
        for slot, call in list(held.live.items()):
            if call.cancelled or call.deadline_s <= now_s:
                held.engine.remove(slot)
                endings.append((call, self._cut(call)))
        if endings:
            self._settle(held, endings)

    def _cut(self, call: Speaking) -> Ending:
        if call.cancelled or not call.completion_tokens:
            return late(call, "was read")
        try:
            return self._rest(call, "deadline")
        except Exception as why:  # one request's words must not end the others
            log.exception("an answer cannot be ended model=%s", call.model)
            return understood(why, f"{call.model} cannot be understood")
