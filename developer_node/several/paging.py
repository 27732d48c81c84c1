"""History of several Dragons on pages: each keeps its own order, and a page remembers how far into
each of them it went."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from common.errors import Invalid
from common.model.lake import HistoryEntry, HistoryPage

KEPT_MAX = 20_000
"""Entries after which a page may go on; the oldest are forgotten first."""
FIRST = 1 << 52
"""Cursors of merged pages begin here, beyond those of any Dragon."""

Cursors = Mapping[str, int]
"""How far the pages so far went into each Dragon; one that is not in it begins at the newest."""


@dataclass(frozen=True, slots=True)
class _Head:
    who: str
    rest: tuple[HistoryEntry, ...]


class Pages:
    """Merged pages and what follows them. It is forgotten when the daemon ends."""

    def __init__(self) -> None:
        self._after: OrderedDict[int, dict[str, int]] = OrderedDict()
        self._next = FIRST

    def cursors(self, before: int) -> Cursors:
        """Where each Dragon goes on; Invalid when that page is no longer known."""
        if not before:
            return {}
        try:
            return self._after[before]
        except KeyError:
            raise Invalid(
                "this page of the history is no longer known",
                hint="Begin anew with the newest.",
                field="before_cursor",
            ) from None

    def merge(
        self, found: Sequence[tuple[str, HistoryPage]], before: Cursors, limit: int, *, like: bool
    ) -> tuple[HistoryEntry, ...]:
        """The next entries of all, newest first, or with `like` the likest first."""
        at = dict(before)
        merged: list[HistoryEntry] = []
        shown: set[str] = set()
        for who, entry in _in_order(found, like=like):
            at[who] = entry.cursor
            if entry.event.id in shown:  # while its project moves two Dragons may have it
                continue
            shown.add(entry.event.id)
            merged.append(replace(entry, cursor=self._keep(at)))
            if len(merged) == limit:
                break
        return tuple(merged)

    def _keep(self, at: dict[str, int]) -> int:
        cursor, self._next = self._next, self._next + 1
        self._after[cursor] = dict(at)
        while len(self._after) > KEPT_MAX:
            self._after.popitem(last=False)
        return cursor


def _in_order(
    found: Sequence[tuple[str, HistoryPage]], *, like: bool
) -> Iterator[tuple[str, HistoryEntry]]:
    """Each Dragon's own order is kept: of the next of each, the one that comes first."""
    heads = [_Head(who, page.entries) for who, page in found if page.entries]
    while heads:
        best = max(
            range(len(heads)),
            key=lambda i: heads[i].rest[0].likeness if like else heads[i].rest[0].event.at_ms,
        )
        head = heads[best]
        yield head.who, head.rest[0]
        if len(head.rest) > 1:
            heads[best] = _Head(head.who, head.rest[1:])
        else:
            del heads[best]
