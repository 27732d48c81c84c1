"""Events: one by its identity, many by time, by their words, or by their likeness to one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from common.errors import Invalid, Missing
from common.model.answer import Freshness
from common.model.event import Event
from common.model.ids import EventId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from dragon_node.lake import history, metadata
from dragon_node.lake.database import Database
from dragon_node.lake.history.paging import like
from dragon_node.lake.projects import Projects

EVENTS_MAX, EVENTS_USUAL = 1_000, 50
TEXT_CHARACTERS_MAX = 1_024


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
        if found is not None and found[1]:
            shard = await self._projects.one(found[1])
            event = await shard.database.read(lambda db: history.at(db, found[0]))
            if event is not None:
                return event, self._projects.name(found[1])
        raise Missing(f"there is no event {event_id}")

    async def history(self, q: HistoryQuery) -> HistoryPage:
        """Newest first; those most like an event, best first, when one is given."""
        q = replace(q, limit=_limit(q.limit))
        _check(q)
        read = partial(history.page, q=q)
        if q.like:
            event, _ = await self.event(q.like)
            read = partial(like, event=event, q=q)
        entries: list[HistoryEntry] = []
        for project, shard in await self._projects.matching(q.project):
            name = self._projects.name(project)
            entries += [
                HistoryEntry(kept.lsn, kept.event, name, kept.excerpt, kept.likeness)
                for kept in await shard.database.read(read)
            ]
        entries.sort(key=lambda e: (-e.likeness, -e.cursor))
        return HistoryPage(tuple(entries[: q.limit]), await self._freshness(q.project))


def _limit(asked: int) -> int:
    if not 0 <= asked <= EVENTS_MAX:
        raise Invalid(f"limit is {asked}; it must be 1 to {EVENTS_MAX:,}", field="limit")
    return asked or EVENTS_USUAL


def _check(q: HistoryQuery) -> None:
    if min(q.since_ms, q.until_ms, q.before_cursor) < 0:
        raise Invalid("a time or a cursor is not below 0", field="since_ms")
    if len(q.text) > TEXT_CHARACTERS_MAX:
        raise Invalid(f"text has at most {TEXT_CHARACTERS_MAX:,} characters", field="text")
    if q.like and q.before_cursor:
        raise Invalid("what is like an event comes best first, on one page", field="before_cursor")
