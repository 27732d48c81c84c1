"""How two states of one entry become one: commutative, associative, idempotent.

A field keeps every value whose write no other writer had seen (Almeida and others, "Delta state
replicated data types", 2018): the newest holds, the others lost and are shown until the field is
written again. Texts merge in loro. A member of a set keeps its first write.
"""

from __future__ import annotations

from common.model.ids import NodeId
from common.model.shared import Dot, Entry, Name, Vector, Written
from common.shared.texts import merged_text
from common.shared.vectors import covers, has, joined


def written(name: Name, dot: Dot, value: bytes | None, before: Entry | None) -> Entry:
    """The entry after a write by somebody who saw `before`; what had lost is settled by it."""
    seen: dict[NodeId, int] = dict(before.seen) if before else {}
    if name.kind == "member" and before is not None:
        return before
    seen[dot.replica] = dot.stamp
    return Entry(name, (Written(dot, value),), seen)


def merged(a: Entry, b: Entry) -> Entry:
    """Both states as one. Corrupt when a text cannot be read."""
    if a.name != b.name:
        raise ValueError(f"{a.name} and {b.name} are two entries")
    both = _joined(a, b)
    return a if both == a else both


def _joined(a: Entry, b: Entry) -> Entry:
    seen = joined(a.seen, b.seen)
    if a.name.kind == "member":
        return Entry(a.name, (min(a.holds, b.holds, key=_dot),), seen)
    if covers(a.seen, b.seen):
        return a
    if covers(b.seen, a.seen):
        return b
    values = (_text(a, b),) if a.name.kind == "text" else _values(a, b)
    return Entry(a.name, values, seen)


def _values(a: Entry, b: Entry) -> tuple[Written, ...]:
    """Those that both have, and those of either that the other has never seen."""
    mine, theirs = _by_dot(a), _by_dot(b)
    kept = [w for dot, w in mine.items() if dot in theirs or not has(b.seen, dot)]
    kept += [w for dot, w in theirs.items() if dot not in mine and not has(a.seen, dot)]
    return tuple(sorted(kept, key=_dot, reverse=True))


def _text(a: Entry, b: Entry) -> Written:
    newest = max(a.holds, b.holds, key=_dot)
    return Written(newest.dot, merged_text(a.holds.value or b"", b.holds.value or b""))


def _by_dot(entry: Entry) -> dict[Dot, Written]:
    return {each.dot: each for each in entry.values}


def _dot(each: Written) -> Dot:
    return each.dot


def is_unseen(entry: Entry, vector: Vector) -> bool:
    """Whether somebody who has seen so much lacks something of it."""
    return not covers(vector, entry.seen)
