"""Whatever is in the ledger: obeying decisions never exceeds, ends, and wrongs nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from dragon_node.inference.budget.plan import decide

NOW_S = 1_000
STAY_S = 60
NAMES = "abcdef"
many = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

sizes = st.integers(0, 12)
times = st.integers(0, NOW_S)


@st.composite
def residents(draw: st.DrawFn, name: str) -> Resident:
    """Idle ones hold no caches of requests; whoever loads has nothing for reuse."""
    requests = draw(st.integers(0, 2))
    loading = draw(st.booleans())
    return Resident(
        name,
        weight_bytes=draw(sizes),
        kv_bytes=draw(sizes) if requests else 0,
        cache_bytes=0 if loading else draw(sizes),
        requests=requests,
        pinned=draw(st.booleans()),
        loading=loading,
        loaded_s=draw(times),
        used_s=draw(times),
    )


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """Never full beyond the memory."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    found = tuple(draw(residents(name)) for name in names)
    full = Ledger(0, draw(sizes), draw(sizes), draw(sizes), found)
    return replace(full, memory_bytes=full.used_bytes + draw(sizes))


@st.composite
def wants(draw: st.DrawFn, ledger: Ledger) -> Want:
    """For a model that is there or not, with up to two that may stand in."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    first, *others = (_want(draw, name, ledger) for name in names)
    return replace(first, alternatives=tuple(others))


def _want(draw: st.DrawFn, name: str, ledger: Ledger) -> Want:
    own = ledger.resident(name)
    alone = draw(sizes)
    joined = alone + (draw(sizes) if own is not None and own.requests else 0)
    weight = 0 if own is not None else draw(st.integers(0, 40))
    return Want(name, weight, joined, draw(st.sampled_from((0, alone))))


@dataclass(slots=True)
class World:
    """Does what it is told, and lets time pass while it is told to wait."""

    ledger: Ledger
    want: Want
    now_s: float = NOW_S

    def decide(self) -> Decision:
        return decide(self.ledger, self.want, self.now_s, min_residency_s=STAY_S)

    def run(self) -> Iterator[tuple[Ledger, Want, float, Decision]]:
        """Every decision with what it was made for, up to the one that ends it."""
        while True:
            decision = self.decide()
            yield self.ledger, self.want, self.now_s, decision
            match decision:
                case Admit():
                    self._admit()
                    return
                case Refuse():
                    return
                case Trim(size):
                    self._trim(size)
                case Evict(names):
                    for name in names:
                        self.ledger = self.ledger.without(name)
                case Instead(model):
                    self.want = next(o for o in self.want.alternatives if o.model == model)
                case Wait(seconds):
                    self._wait(seconds)

    def _admit(self) -> None:
        want = self.want
        own = self.ledger.resident(want.model) or Resident(want.model, want.weight_bytes)
        self.ledger = self.ledger.having(replace(own, kv_bytes=own.kv_bytes + want.kv_bytes))

    def _trim(self, size: int) -> None:
        for resident in self.ledger.residents:
            given = min(size, resident.cache_bytes)
            size -= given
            self.ledger = self.ledger.having(
                replace(resident, cache_bytes=resident.cache_bytes - given)
            )
        assert size == 0, "more than there was to trim"

    def _wait(self, seconds: float) -> None:
        assert seconds > 0
        self.now_s += seconds
        for resident in self.ledger.residents:
            if resident.loading or resident.requests:
                self.ledger = self.ledger.having(self._ended(resident))
                self.want = self._anew(self.want, resident.name)
                return

    def _ended(self, resident: Resident) -> Resident:
        loaded_s = self.now_s if resident.loading else resident.loaded_s
        return replace(resident, kv_bytes=0, requests=0, loading=False, loaded_s=loaded_s)

    def _anew(self, want: Want, name: str) -> Want:
        """Alone now, as the scheduler would ask."""
        alternatives = tuple(self._anew(other, name) for other in want.alternatives)
        kv = (want.alone_kv_bytes or want.kv_bytes) if want.model == name else want.kv_bytes
        return replace(want, kv_bytes=kv, alternatives=alternatives)


worlds = ledgers().flatmap(lambda ledger: wants(ledger).map(lambda want: World(ledger, want)))


@many
@given(worlds)
def test_obeying_ends_and_never_exceeds(world: World) -> None:
    for steps, _ in enumerate(world.run()):
        assert world.ledger.used_bytes <= world.ledger.memory_bytes
        assert steps < 60
    assert world.ledger.used_bytes <= world.ledger.memory_bytes


@many
@given(worlds)
def test_nobody_goes_who_is_pinned_or_loading_or_at_work_or_was_just_loaded(world: World) -> None:
    for ledger, want, now_s, decision in world.run():
        if isinstance(decision, Evict):
            for name in decision.names:
                gone = ledger.resident(name)
                assert gone is not None and name != want.model
                assert not (gone.pinned or gone.loading or gone.requests)
                assert now_s - gone.loaded_s >= STAY_S


@many
@given(worlds)
def test_nothing_is_proposed_that_is_not_needed(world: World) -> None:
    """Caches are trimmed to the byte, and without any one of the models it would not be enough."""
    for ledger, want, _, decision in world.run():
        if isinstance(decision, Trim):
            assert decision.bytes == want.bytes - ledger.free_bytes > 0
        if isinstance(decision, Evict):
            assert _freed(ledger, decision.names) >= want.bytes
            for fewer in combinations(decision.names, len(decision.names) - 1):
                assert _freed(ledger, fewer) < want.bytes


@many
@given(worlds)
def test_only_what_never_fits_is_refused(world: World) -> None:
    """Nor any of those that may stand in; and where it is known what each takes alone, it is
    refused at the first asking, or never."""
    for steps, (ledger, want, _, decision) in enumerate(world.run()):
        if isinstance(decision, Refuse):
            each = (want, *want.alternatives)
            for one in each:
                assert _alone(ledger, one) > _best(ledger, one)
            assert steps == 0 or not all(one.alone_kv_bytes for one in each)
        if isinstance(decision, Admit):
            assert want.bytes <= ledger.free_bytes


@many
@given(worlds)
def test_an_alternative_is_named_only_when_it_can_be_had_now(world: World) -> None:
    for _, want, _, decision in world.run():
        if isinstance(decision, Instead):
            [other] = [o for o in want.alternatives if o.model == decision.model]
            then = World(world.ledger, other, world.now_s)
            assert isinstance(then.decide(), Admit | Trim | Evict)


@many
@given(worlds)
def test_a_decision_does_not_depend_on_the_order_of_the_ledger(world: World) -> None:
    turned = replace(world.ledger, residents=world.ledger.residents[::-1])
    first, second = world.decide(), World(turned, world.want).decide()
    assert type(first) is type(second)
    if isinstance(first, Evict) and isinstance(second, Evict):
        assert first.names == second.names


def _freed(ledger: Ledger, names: tuple[str, ...]) -> int:
    """Free once these have gone and all caches with them."""
    gone = sum(r.weight_bytes + r.kv_bytes for r in ledger.residents if r.name in names)
    return ledger.free_bytes + gone + sum(r.cache_bytes for r in ledger.residents)


def _alone(ledger: Ledger, want: Want) -> int:
    own = ledger.resident(want.model)
    kv = want.kv_bytes if own is None or not own.requests else want.alone_kv_bytes
    return want.weight_bytes + kv


def _best(ledger: Ledger, want: Want) -> int:
    """Of the memory, less what is fixed, pinned or the model's own."""
    stay = [r for r in ledger.residents if r.pinned or r.name == want.model]
    fixed = ledger.lake_bytes + ledger.reserve_bytes + ledger.embedder_bytes
    return ledger.memory_bytes - fixed - sum(r.weight_bytes for r in stay)
