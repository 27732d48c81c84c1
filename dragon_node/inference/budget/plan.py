"""Who gets memory, decided: a pure function over the ledger, in the order of docs/models.md.

Prompt caches go first, then idle models by least recent use, then a named alternative answers,
then it waits for those that will end, and what can never fit is refused with the numbers. Every
proposal is the least that is enough: a model that would not help is not unloaded for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dragon_node.inference.budget import sentences
from dragon_node.inference.budget.ledger import (
    Admit,
    Decision,
    Evict,
    Instead,
    Ledger,
    Refuse,
    Resident,
    Trim,
    Wait,
    Want,
)

ASK_AGAIN_S = 5.0
"""While somebody works whose end nobody can foretell; an end is told anyway."""


def decide(ledger: Ledger, want: Want, now_s: float, *, min_residency_s: float) -> Decision:
    """What to do for a request. Obeying Trim and Evict and asking again ends in one of the others,
    and never exceeds the memory. `now_s` is on the clock of the residents' times."""
    state = _State(ledger, now_s, min_residency_s)
    return (
        state.at_once(want)
        or state.instead(want)
        or state.later(want)
        or state.later_instead(want)
        or state.refusal(want)
    )


@dataclass(frozen=True, slots=True)
class _State:
    ledger: Ledger
    now_s: float
    min_residency_s: float

    def at_once(self, want: Want) -> Admit | Trim | Evict | None:
        """The first step towards its room, when all of it can be had now."""
        lacking = want.bytes - self.ledger.free_bytes
        if lacking <= 0:
            return Admit()
        caches = sum(r.cache_bytes for r in self.ledger.residents)
        if lacking <= caches:
            return Trim(lacking)
        leaving = _least(self._idle(want.model), lacking - caches)
        if not leaving:
            return None
        return Evict(tuple(r.name for r in leaving), sentences.evicting(self.ledger, want))

    def instead(self, want: Want) -> Instead | None:
        """The first alternative that can be had now."""
        for other in want.alternatives:
            if self.at_once(other) is not None:
                sentence = sentences.standing_in(self.ledger, want, other.model)
                return Instead(other.model, sentence)
        return None

    def later(self, want: Want) -> Wait | None:
        """Until those that work have ended, and those that came a moment ago may go."""
        if self._alone_bytes(want) > self._most_bytes(want.model):
            return None
        busy = [r for r in self.ledger.residents if r.loading or r.requests]
        young = [r for r in self._others(want.model) if self._idles(r) and self._stays_s(r) > 0]
        soonest_s = min((self._stays_s(r) for r in young), default=ASK_AGAIN_S)
        seconds = min(soonest_s, ASK_AGAIN_S) if busy else soonest_s
        return Wait(seconds, sentences.waiting(self.ledger, want, busy, young))

    def later_instead(self, want: Want) -> Wait | None:
        """It never fits itself; an alternative will."""
        waits = (self.later(other) for other in want.alternatives)
        return next((wait for wait in waits if wait is not None), None)

    def refusal(self, want: Want) -> Refuse:
        """With every number."""
        most = self._most_bytes(want.model)
        own = self.ledger.resident(want.model)
        pinned = [r for r in self._others(want.model) if r.pinned]
        staying = pinned if own is None else [own, *pinned]
        return Refuse(
            sentences.refusing(self.ledger, want, most, staying),
            self._hint(want, most, pinned),
        )

    def _hint(self, want: Want, most: int, pinned: list[Resident]) -> str:
        """The nearest way out, and the lake's share when that would be one."""
        lacking, caches = self._alone_bytes(want) - most, most - want.weight_bytes
        if lacking <= sum(r.weight_bytes for r in pinned):
            hint = f"Unpin {' or '.join(r.name for r in pinned)}, or name a smaller model."
        elif caches > 0:
            hint = f"Ask for fewer tokens: {sentences.sized(caches)} of caches fit."
        else:
            hint = "Name a smaller model."
        if self.ledger.lake_yields and lacking <= self.ledger.lake_bytes:
            hint += " Or give the lake less (POSTDEVAI_LAKE_BYTES)."
        return hint

    def _alone_bytes(self, want: Want) -> int:
        """Of it alone on its model, in addition to weights that are there."""
        own = self.ledger.resident(want.model)
        if own is None or not own.requests:
            return want.bytes
        return want.weight_bytes + want.alone_kv_bytes  # when unknown, it is asked for anew then

    def _most_bytes(self, model: str) -> int:
        """What is free once all that can go has gone: caches, requests, models not pinned."""
        residents = self.ledger.residents
        going = sum(r.cache_bytes + (r.kv_bytes if r.requests else 0) for r in residents)
        unpinned = sum(r.weight_bytes for r in self._others(model) if not r.pinned)
        return self.ledger.free_bytes + going + unpinned

    def _others(self, model: str) -> list[Resident]:
        return [r for r in self.ledger.residents if r.name != model]

    def _idle(self, model: str) -> list[Resident]:
        """Those that may go now, least recently used first."""
        may = (r for r in self._others(model) if self._idles(r) and self._stays_s(r) <= 0)
        return sorted(may, key=_used_s)

    def _idles(self, resident: Resident) -> bool:
        return not (resident.pinned or resident.loading or resident.requests)

    def _stays_s(self, resident: Resident) -> float:
        """How long it must stay, loaded as it was: what is unloaded at once was loaded in vain."""
        return resident.loaded_s + self.min_residency_s - self.now_s


def _used_s(resident: Resident) -> tuple[float, str]:
    return max(resident.used_s, resident.loaded_s), resident.name


def _least(idle: Iterable[Resident], lacking: int) -> list[Resident]:
    """The first of them that give so many bytes besides their caches, none of them needlessly;
    empty when all do not."""
    leaving: list[Resident] = []
    given = 0
    for resident in idle:
        if given >= lacking:
            break
        leaving.append(resident)
        given += _gain(resident)
    if given < lacking:
        return []
    for resident in reversed(leaving[:-1]):  # the last was needed; who came before it may not be
        if given - _gain(resident) >= lacking:
            leaving.remove(resident)
            given -= _gain(resident)
    return leaving


def _gain(resident: Resident) -> int:
    return resident.weight_bytes + resident.kv_bytes
