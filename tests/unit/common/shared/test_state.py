"""Deltas hold what the other lacks and no more; what is forgotten is forgotten everywhere."""

from __future__ import annotations

from common.model.ids import NodeId
from common.model.shared import Delta, Dot, Name
from common.shared.merging import written
from common.shared.stamps import Stamps, ms_of, stamp_at
from common.shared.state import TOMBSTONE_MS, State
from common.wire.shared import delta_from_bytes, delta_to_bytes

ME, OTHER = NodeId("a" * 16), NodeId("b" * 16)
NOW_MS = 1_800_000_000_000


def put(state: State, key: str, value: bytes | None, at_ms: int = NOW_MS, who: NodeId = ME) -> None:
    name = Name("setting", "p", key)
    stamps = Stamps(state.vector.get(who, 0))
    dot = Dot(stamps.next(at_ms), who)
    state.put(written(name, dot, value, state.entries.get(name)))


def test_a_delta_holds_what_the_other_lacks_and_no_more() -> None:
    state, other = State(), State()
    for n in range(50):
        put(state, f"k{n}", b"v")
    other.merge(state.lacking(other.vector, 1 << 20))
    put(state, "k7", b"new")
    put(state, "fresh", b"v")
    delta = state.lacking(other.vector, 1 << 20)
    assert {each.name.key for each in delta.entries} == {"k7", "fresh"}
    other.merge(delta)
    assert other.entries == state.entries
    assert state.lacking(other.vector, 1 << 20).entries == ()


def test_a_delta_that_is_cut_off_is_gone_on_with_from_the_vector() -> None:
    state, other = State(), State()
    for n in range(30):
        put(state, f"k{n}", b"v" * 100, NOW_MS + n)
    sizes: list[int] = []
    while True:
        delta = state.lacking(other.vector, 1_000)
        sizes.append(len(delta.entries))
        other.merge(delta)
        if not delta.more:
            break
        assert other.vector[ME] < state.vector[ME]
    assert len(sizes) > 3
    assert sum(sizes) == 30
    assert other.entries == state.entries


def test_a_delta_after_one_that_never_came_does_not_fit() -> None:
    state, other = State(), State()
    put(state, "one", b"1")
    seen = dict(state.vector)
    put(state, "two", b"2")
    late = state.lacking(seen, 1 << 20)
    assert not other.fits(late)
    other.merge(state.lacking({}, 1 << 20))
    assert other.fits(late)


def test_what_goes_over_the_wire_comes_back_as_it_was() -> None:
    state = State()
    put(state, "k", "ä".encode())
    put(state, "gone", None)
    put(state, "k", b"theirs", NOW_MS + 5, OTHER)
    whole = Delta(tuple(state.entries.values()), {ME: 3}, state.vector)
    assert delta_from_bytes(delta_to_bytes(whole)) == whole


def test_a_removal_is_forgotten_after_90_days_and_no_sooner() -> None:
    state = State()
    put(state, "k", None)
    assert state.prune(NOW_MS + TOMBSTONE_MS) == []
    assert state.prune(NOW_MS + TOMBSTONE_MS + 1_000) == [Name("setting", "p", "k")]
    assert state.pruned == state.vector


def test_a_value_is_never_forgotten() -> None:
    state = State()
    put(state, "k", b"v")
    assert state.prune(NOW_MS + 10 * TOMBSTONE_MS) == []


def test_who_slept_through_a_removal_that_is_forgotten_drops_what_was_removed() -> None:
    state, sleeper = State(), State()
    put(state, "k", b"v")
    put(state, "kept", b"v")
    sleeper.merge(state.lacking({}, 1 << 20))
    put(sleeper, "own", b"v", who=OTHER)
    put(state, "k", None, NOW_MS + 1)
    state.prune(NOW_MS + 2 * TOMBSTONE_MS)
    sleeper.merge(state.lacking(sleeper.vector, 1 << 20))
    gone = sleeper.drop_all_but(state.names(), state.vector)
    assert gone == [Name("setting", "p", "k")]
    assert {name.key for name in sleeper.entries} == {"kept", "own"}


def test_what_nobody_has_seen_gets_new_stamps_in_its_order() -> None:
    state = State()
    put(state, "old", b"1", NOW_MS)
    told = state.vector[ME]
    put(state, "first", b"2", NOW_MS + 3_600_000)
    put(state, "second", b"3", NOW_MS + 3_600_001)
    stamps = Stamps(told)
    state.restamp(ME, told, lambda: stamps.next(NOW_MS + 10))
    dots = {name.key: entry.holds.dot.stamp for name, entry in state.entries.items()}
    assert dots["old"] == told < dots["first"] < dots["second"] < stamp_at(NOW_MS + 11)
    assert state.vector[ME] == dots["second"]
    assert {ms_of(each) for each in dots.values()} == {NOW_MS, NOW_MS + 10}
