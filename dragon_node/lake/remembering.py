"""Events: one by its identity, many by time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from common.errors import Invalid, Missing
from common.model.answer import Freshness
from common.model.event import Event
from common.model.ids import EventId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from dragon_node.lake import history, metadata
from dragon_node.lake.database import Database
from dragon_node.lake.projects import Projects

EVENTS_MAX, EVENTS_USUAL = 1_000, 50


class Remembering:
    """What happened, over all projects."""

    def __init__(
        self,
        projects: Projects,
        memory: Database,
        freshness: Callable[[str], Awaitable[Freshness]],
    ) -> None:
        self._projects = projects
        self._memory = memory
        self._freshness = freshness

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event whole, and its project's name. Missing when there is none."""
        found = await self._memory.read(lambda db: metadata.find_event(db, event_id))
        if found is not None:
            shard = await self._projects.one(found[1])
            event = await shard.database.read(lambda db: history.at(db, found[0]))
            if event is not None:
                return event, self._projects.name(found[1])
        raise Missing(f"there is no event {event_id}")

    async def history(self, q: HistoryQuery) -> HistoryPage:
        """Newest first."""
        q = replace(q, limit=_limit(q.limit))
        entries: list[HistoryEntry] = []
        for project, shard in await self._projects.matching(q.project):
            kept = await shard.database.read(lambda db: history.page(db, q))
            name = self._projects.name(project)
            entries += [HistoryEntry(k.lsn, k.event, name) for k in kept]
        entries.sort(key=lambda e: -e.cursor)
        return HistoryPage(tuple(entries[: q.limit]), await self._freshness(q.project))


def _limit(asked: int) -> int:
    if not 0 <= asked <= EVENTS_MAX:
        raise Invalid(f"limit is {asked}; it must be 1 to {EVENTS_MAX:,}", field="limit")
    return asked or EVENTS_USUAL
