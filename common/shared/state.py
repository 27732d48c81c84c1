"""All that a replica knows: entries by name, what it has seen, and what others lack of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from common.model.ids import NodeId
from common.model.shared import Delta, Dot, Entry, EntryKind, Name, Vector, Written
from common.shared.merging import is_unseen, merged
from common.shared.stamps import ms_of
from common.shared.vectors import covers, cut, joined, unseen

FIELDS_MAX = 10_000
NOTES_MAX = 1_000
NOTES_BYTES_MAX = 16 << 20
"""All texts of notes together, with their history."""
TOMBSTONE_MS = 90 * 86_400_000
"""After it a removal is forgotten: an edit made offline before then and told later comes back."""
_ENTRY_BYTES = 64
_HASH_BYTES = 8


class State:
    """Grows by `put` and `merge` alone; whoever keeps it on disk is told what changed."""

    def __init__(self, entries: Iterable[Entry] = (), vector: Vector | None = None) -> None:
        self.entries: dict[Name, Entry] = {entry.name: entry for entry in entries}
        self.vector: dict[NodeId, int] = dict(vector or {})
        self.pruned: dict[NodeId, int] = {}
        """What had been seen when the newest removal was forgotten."""

    def put(self, entry: Entry) -> None:
        """In place of what was there: written here, by somebody who saw that."""
        self.entries[entry.name] = entry
        self.vector = joined(self.vector, entry.seen)

    def merge(self, delta: Delta) -> list[Entry]:
        """The entries that are others now; the caller saw to it that there is no gap."""
        changed: list[Entry] = []
        for entry in delta.entries:
            before = self.entries.get(entry.name)
            after = merged(before, entry) if before else entry
            if after is not before:
                self.entries[entry.name] = after
                changed.append(after)
        self.vector = joined(self.vector, delta.upto)
        return changed

    def fits(self, delta: Delta) -> bool:
        """Whether nothing lies between what was seen here and what the delta brings."""
        return covers(self.vector, delta.since)

    def lacking(self, vector: Vector, bytes_max: int) -> Delta:
        """What somebody who has seen so much lacks: whole entries, in the order of their writes,
        as many as there is room for, at least one."""
        if covers(vector, self.vector):
            return Delta((), vector, self.vector)
        waiting = [
            (min(unseen(vector, entry.seen)), entry)
            for entry in self.entries.values()
            if is_unseen(entry, vector)
        ]
        waiting.sort(key=lambda each: (each[0], each[1].name))
        room, taken = bytes_max, 0
        for taken, (first, entry) in enumerate(waiting):
            room -= size_of(entry)
            if taken and room < 0 and first > waiting[taken - 1][0]:
                told = tuple(each for _, each in waiting[:taken])
                return Delta(told, vector, joined(vector, cut(self.vector, first - 1)), more=True)
        return Delta(tuple(each for _, each in waiting), vector, self.vector)

    def waiting(self, replica: NodeId, told: int) -> list[Entry]:
        """What this replica wrote after a stamp, oldest first."""
        held = [each for each in self.entries.values() if each.seen.get(replica, 0) > told]
        return sorted(held, key=lambda each: each.seen[replica])

    def restamp(
        self, replica: NodeId, told: int, stamp: Callable[[], int], under: NodeId | None = None
    ) -> list[Entry]:
        """Gives the writes that nobody else has seen new stamps, in their order; `under` another
        replica's name where that one turned out to be somebody else's too."""
        writer, changed = under or replica, list[Entry]()
        held = self.waiting(replica, told)
        self.vector[replica] = told
        for entry in held:
            fresh = Dot(stamp(), writer)
            values = (
                Written(fresh, each.value)
                if each.dot.replica == replica and each.dot.stamp > told
                else each
                for each in entry.values
            )
            newest_first = sorted(values, key=lambda each: each.dot, reverse=True)
            seen = {**entry.seen, replica: told, writer: fresh.stamp}
            known = {each: newest for each, newest in seen.items() if newest}
            self.put(Entry(entry.name, tuple(newest_first), known))
            changed.append(self.entries[entry.name])
        return changed

    def prune(self, now_ms: int) -> list[Name]:
        """Forgets removals and members that are older than 90 days; what is forgotten."""
        old = [
            name
            for name, entry in self.entries.items()
            if _is_nothing(entry) and now_ms - ms_of(max(entry.seen.values())) > TOMBSTONE_MS
        ]
        for name in old:
            self.pruned = joined(self.pruned, self.entries.pop(name).seen)
        return old

    def names(self) -> bytes:
        """The hashes of all names: what is not among them is not there."""
        return b"".join(_hash(name) for name in self.entries)

    def drop_all_but(self, names: bytes, upto: Vector) -> list[Name]:
        """Forgets what the other has seen and has no more; what is forgotten."""
        kept = {names[at : at + _HASH_BYTES] for at in range(0, len(names), _HASH_BYTES)}
        gone = [
            name
            for name, entry in self.entries.items()
            if covers(upto, entry.seen) and _hash(name) not in kept
        ]
        for name in gone:
            self.pruned = joined(self.pruned, self.entries.pop(name).seen)
        return gone

    def count(self, *kinds: EntryKind) -> int:
        """Entries of these kinds that hold something."""
        return sum(
            1
            for name, entry in self.entries.items()
            if name.kind in kinds and entry.holds.value is not None
        )

    def text_bytes(self) -> int:
        """All texts of notes, with their history."""
        return sum(size_of(e) for n, e in self.entries.items() if n.kind == "text")


def size_of(entry: Entry) -> int:
    """About as many bytes as it takes on the way."""
    values = sum(len(each.value or b"") + _ENTRY_BYTES for each in entry.values)
    return values + len(entry.name.key) + len(entry.name.scope)


def _is_nothing(entry: Entry) -> bool:
    if entry.name.kind == "text":
        return not entry.holds.value
    if entry.name.kind == "member":
        return True  # nobody asks any more whether it was seen
    return all(each.value is None for each in entry.values)


def _hash(name: Name) -> bytes:
    digest = hashlib.blake2b(digest_size=_HASH_BYTES)
    for part in (name.kind, name.scope, name.key):
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big") + data)
    return digest.digest()
