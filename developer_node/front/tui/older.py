"""What lies before the events that the notebook holds: fetched when one gets there, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from common.model.event import Event, EventKind, kind_of
from common.model.ids import EventId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from developer_node.front.tui.notebook import Entry

OLDER_MAX = 5_000
PAGE = 200
"""Of each kind, at a time."""


class History(Protocol):
    """Where it is fetched."""

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Events by time, newest first."""
        ...


class Older:
    """One timeline's. Each kind is asked for apart, as the newest events are, so that the files of
    a day cannot push a month of commands out."""

    def __init__(self) -> None:
        self._held: dict[EventId, Entry] = {}
        self._ended: set[EventKind] = set()

    @property
    def full(self) -> bool:
        """No more is fetched: the terminal is no archive."""
        return len(self._held) >= OLDER_MAX

    def ended(self, kinds: Sequence[EventKind]) -> bool:
        """There is nothing before what is held of these kinds."""
        return self._ended.issuperset(kinds)

    def event(self, event_id: EventId) -> Event | None:
        """None when it is not held."""
        entry = self._held.get(event_id)
        return entry.event if entry else None

    def with_newer(self, newer: Sequence[Entry]) -> list[Entry]:
        """Everything, newest first; what the notebook lets go is kept once there is older."""
        if not self._held:
            return list(newer)
        for entry in newer:
            self._held[entry.event.id] = entry
        return sorted(self._held.values(), key=_age, reverse=True)

    async def fetch(
        self, reader: History, newer: Sequence[Entry], kinds: Sequence[EventKind]
    ) -> int:
        """How many were new. A `PostDevAIError` leaves everything as it was."""
        known = {entry.event.id: entry for entry in newer} | self._held
        oldest: dict[EventKind, int] = {}
        for entry in known.values():
            kind = kind_of(entry.event.body)
            oldest[kind] = min(entry.event.at_ms, oldest.get(kind, entry.event.at_ms))
        fetched: list[HistoryEntry] = []
        for kind in kinds:
            if kind in self._ended:
                continue
            # Those of the same millisecond once more: they are told apart by their ids.
            until_ms = oldest[kind] + 1 if kind in oldest else 0
            page = await reader.history(HistoryQuery(PAGE, kind, until_ms=until_ms))
            new = [entry for entry in page.entries if entry.event.id not in known]
            if not new or len(page.entries) < PAGE:
                self._ended.add(kind)
            fetched += new
        self._held = {**known, **{e.event.id: Entry(e.event, e.project) for e in fetched}}
        return len(fetched)


def _age(entry: Entry) -> tuple[int, str]:
    return entry.event.at_ms, entry.event.id
