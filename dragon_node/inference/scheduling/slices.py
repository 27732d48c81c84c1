"""Vectors on the owner thread: a few texts at a time, between the steps of those that speak."""

from __future__ import annotations

import logging
from collections.abc import Callable

from common.errors import Invalid, PostDevAIError
from dragon_node.inference.scheduling.calls import Embedding
from dragon_node.inference.scheduling.counts import Tally
from dragon_node.inference.scheduling.endings import fail, understood
from dragon_node.inference.scheduling.residents import Held, Residents

log = logging.getLogger(__name__)

TEXTS_MAX = 16
"""A slice; those who speak wait for one."""


class Slices:
    """Runs on the owner thread."""

    def __init__(
        self, residents: Residents, tally: Tally, failed: Callable[[Held, PostDevAIError], None]
    ) -> None:
        self._residents = residents
        self._tally = tally
        self._failed = failed

    def begin(self, held: Held, call: Embedding) -> None:
        """Its model is there."""
        if held.vectors is None:
            self._residents.leave(held, call)
            refusal = Invalid(f"{held.name} speaks; it does not embed", field="model")
            return fail(call, refusal, self._tally)
        held.waiting.remove(call)
        held.texts.append(call)
        return None

    def one(self) -> None:
        """The next slice: of a question before others, else of who came first."""
        waiting = [(call, held) for held in self._residents for call in held.texts]
        for call, held in waiting:
            if call.cancelled:
                self._residents.leave(held, call)
        left = [(call, held) for call, held in waiting if not call.cancelled]
        if left:
            call, held = min(left, key=lambda pair: (not pair[0].query, pair[0].order))
            self._slice(held, call)

    def _slice(self, held: Held, call: Embedding) -> None:
        assert held.vectors is not None
        texts = call.texts[call.made : call.made + TEXTS_MAX]
        try:
            rows = held.vectors.vectors(texts, query=call.query)
        except PostDevAIError as why:
            self._residents.leave(held, call)
            return fail(call, why, self._tally)
        except Exception as why:  # one model's fault must not end the others
            log.exception("vectors failed model=%s", held.name)
            return self._failed(held, understood(why, f"{held.name} failed while it embedded"))
        call.rows.append(rows)
        if call.made >= len(call.texts):
            self._residents.leave(held, call)
            call.done()
        return None
