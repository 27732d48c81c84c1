"""Whatever order edits and deltas come in, the replicas say the same, and none is lost unseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.model.ids import NodeId
from common.model.shared import Dot, Entry, EntryKind, Name
from common.shared.merging import merged, written
from common.shared.stamps import Stamps
from common.shared.state import State
from common.shared.texts import changed_text, new_text, text_of

REPLICAS = tuple(NodeId(each * 16) for each in "abc")
KINDS: tuple[EntryKind, ...] = ("setting", "member", "text")


@dataclass(frozen=True)
class Step:
    """Something that one replica does."""

    who: int
    what: Literal["write", "remove", "hear"]
    kind: EntryKind
    value: int
    other: int


STEPS = st.lists(
    st.builds(
        Step,
        who=st.integers(0, 2),
        what=st.sampled_from(("write", "write", "remove", "hear")),
        kind=st.sampled_from(KINDS),
        value=st.integers(0, 3),
        other=st.integers(0, 2),
    ),
    max_size=14,
)


PATIENT = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


class Replica:
    """A state with a clock of its own that is some milliseconds off."""

    def __init__(self, place: int) -> None:
        self.id = REPLICAS[place]
        self.state = State()
        self.stamps = Stamps()
        self.now_ms = 1_000 + 3 * place

    def do(self, step: Step, others: list[Replica]) -> None:
        if step.what == "hear":
            hear(self, others[step.other])
            return
        self.now_ms += step.value
        name = Name(step.kind, "p", "k")
        before = self.state.entries.get(name)
        value = None if step.what == "remove" and step.kind == "setting" else self.value(step)
        dot = Dot(self.stamps.next(self.now_ms), self.id)
        self.state.put(written(name, dot, value, before))

    def value(self, step: Step) -> bytes:
        if step.kind != "text":
            return str(step.value).encode()
        before = self.state.entries.get(Name("text", "p", "k"))
        held = (before.holds.value or b"") if before else b""
        if not held:
            return new_text(f"{self.id[0]}{step.value}\n")
        return changed_text(held, b"", text_of(held) + f"{self.id[0]}{step.value}\n")


def hear(one: Replica, other: Replica, bytes_max: int = 1 << 20) -> None:
    """One hears all that the other knows, in deltas that may be small."""
    while True:
        delta = other.state.lacking(one.state.vector, bytes_max)
        assert one.state.fits(delta)
        one.state.merge(delta)
        for stamp in delta.upto.values():
            one.stamps.see(stamp)
        if not delta.more:
            return


def grown(steps: list[Step]) -> list[Replica]:
    replicas = [Replica(n) for n in range(3)]
    for step in steps:
        replicas[step.who].do(step, replicas)
    return replicas


def said(entry: Entry) -> object:
    """Two snapshots of one text may differ in bytes that say the same."""
    if entry.name.kind == "text":
        return entry.name, text_of(entry.holds.value or b""), sorted(entry.seen.items())
    return entry.name, entry.values, sorted(entry.seen.items())


def all_said(state: State) -> object:
    return sorted(repr(said(each)) for each in state.entries.values())


@PATIENT
@given(STEPS)
def test_merging_is_commutative_associative_and_idempotent(steps: list[Step]) -> None:
    replicas = grown(steps)
    for kind in KINDS:
        name = Name(kind, "p", "k")
        held = [r.state.entries[name] for r in replicas if name in r.state.entries]
        for a in held:
            assert said(merged(a, a)) == said(a)
            for b in held:
                assert said(merged(a, b)) == said(merged(b, a))
                assert said(merged(merged(a, b), b)) == said(merged(a, b))
                for c in held:
                    assert said(merged(merged(a, b), c)) == said(merged(a, merged(b, c)))


@PATIENT
@given(
    STEPS,
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=6),
    st.sampled_from((1, 200, 1 << 20)),
)
def test_replicas_converge_whoever_hears_whom_first_and_how_often(
    steps: list[Step], order: list[tuple[int, int]], bytes_max: int
) -> None:
    replicas = grown(steps)
    for one, other in [*order, *order, (0, 1), (0, 2), (1, 0), (2, 0)]:
        hear(replicas[one], replicas[other], bytes_max)
    first, *others = (all_said(each.state) for each in replicas)
    assert all(each == first for each in others)
    assert replicas[0].state.vector == replicas[1].state.vector == replicas[2].state.vector


@PATIENT
@given(STEPS, st.integers(0, 2), st.integers(0, 2))
def test_a_delta_that_comes_twice_or_late_changes_nothing(
    steps: list[Step], one: int, other: int
) -> None:
    replicas = grown(steps)
    early = replicas[other].state.lacking(replicas[one].state.vector, 1 << 20)
    hear(replicas[one], replicas[other])
    before = all_said(replicas[one].state)
    assert replicas[one].state.fits(early)
    assert replicas[one].state.merge(early) == []
    assert all_said(replicas[one].state) == before


def entry(kind: EntryKind = "setting", before: Entry | None = None, **dot: int) -> Entry:
    """As written by the one replica that is named, at a stamp."""
    ((who, stamp),) = dot.items()
    return written(Name(kind, "p", "k"), Dot(stamp, NodeId(who)), who.encode(), before)


def test_the_newest_holds_and_the_one_that_nobody_had_seen_is_kept() -> None:
    both = merged(entry(a=5), entry(b=7))
    assert both.holds.value == b"b"
    assert [each.value for each in both.lost] == [b"a"]


def test_a_value_that_its_successor_had_seen_did_not_lose() -> None:
    first = entry(a=5)
    assert merged(first, entry(before=first, b=7)).lost == ()


def test_the_next_edit_settles_what_had_lost_also_where_it_comes_late() -> None:
    both = merged(entry(a=5), entry(b=7))
    settled = entry(before=both, a=9)
    assert settled.lost == ()
    assert merged(both, settled) == settled
    assert merged(settled, entry(a=5)) == settled


def test_a_removal_and_an_edit_that_knew_nothing_of_it_are_both_kept() -> None:
    base = entry(a=1)
    removed = written(base.name, Dot(5, NodeId("a")), None, base)
    edited = written(base.name, Dot(4, NodeId("b")), b"edited", base)
    both = merged(removed, edited)
    assert both.holds.value is None
    assert [each.value for each in both.lost] == [b"edited"]


def test_a_member_keeps_its_first_write() -> None:
    both = merged(entry("member", a=5), entry("member", b=3))
    assert both.holds.value == b"b"
    assert both.lost == ()
