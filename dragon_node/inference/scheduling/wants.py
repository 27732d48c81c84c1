"""What a call would take beside what is spoken for, and what those that may stand in would."""

from __future__ import annotations

import math

from common.errors import PostDevAIError
from dragon_node.inference.budget.ledger import Want
from dragon_node.inference.reading.prompted import Prompted
from dragon_node.inference.scheduling.calls import Call, Speaking
from dragon_node.inference.scheduling.residents import Held, Residents
from dragon_node.inference.scheduling.source import Source
from dragon_node.inference.scheduling.stand_ins import StandIns


class Wants:
    """Runs on the owner thread; changes nothing."""

    def __init__(self, source: Source, residents: Residents, stand_ins: StandIns) -> None:
        self._source = source
        self._residents = residents
        self._stand_ins = stand_ins

    def of(self, call: Call) -> Want:
        """Of its own model, and of those that may stand in for it."""
        return self._want(call.model, call.tokens, self._alternatives(call))

    def _want(self, name: str, tokens: int, alternatives: tuple[Want, ...] = ()) -> Want:
        """Of a model for a request of so many tokens, 0 for one that has no caches. Unavailable or
        Missing says why it is not there."""
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
        for name, prompted in self._stand_ins.readings(call):
            held = self._residents.get(name)
            if held is not None and not _takes(held, prompted):
                continue
            try:
                tokens = len(prompted.tokens) + prompted.request.max_tokens
                wants.append(self._want(name, tokens))
            except PostDevAIError:
                continue  # it cannot stand in: the refusal will speak of the model that was asked
        return tuple(wants)


def _takes(held: Held, prompted: Prompted) -> bool:
    """A request that this model has read."""
    same = prompted.stamp in ("", held.stamp)
    return same and held.leaving_s == math.inf and not held.full
