"""What happened: events by identity, time, words and likeness; and what is related to what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from common.errors import Invalid, Missing
from common.model.answer import Freshness
from common.model.event import Event
from common.model.ids import EventId, ProjectId
from common.model.lake import (
    HistoryEntry,
    HistoryPage,
    HistoryQuery,
    Related,
    RelatedQuery,
    RelatedThing,
)
from dragon_node.lake import history, metadata
from dragon_node.lake.database import Database
from dragon_node.lake.forgetting import in_memory
from dragon_node.lake.forgetting.in_memory import Forgotten
from dragon_node.lake.history.paging import like
from dragon_node.lake.history.wording import words_of
from dragon_node.lake.projects import Projects
from dragon_node.lake.relations import labels, neighbours
from dragon_node.lake.relations.neighbours import Node, Row
from dragon_node.lake.relations.walking import walked
from dragon_node.lake.shards import Shard

EVENTS_MAX, EVENTS_USUAL = 1_000, 50
TEXT_CHARACTERS_MAX = 1_024
RELATIONS_MAX, RELATIONS_USUAL = 1_000, 100
HOPS_MAX = 4

SHORTEST_COMMIT, WHOLE_COMMIT = 4, 40
"""Digits that people write of a commit's name."""


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
        asked, asleep = await self._projects.asked(q.project)
        for project, shard in asked:
            name = self._projects.name(project)
            entries += [
                HistoryEntry(kept.lsn, kept.event, name, kept.excerpt, kept.likeness)
                for kept in await shard.database.read(read)
            ]
        entries.sort(key=lambda e: (-e.likeness, -e.cursor))
        fresh = replace(await self._freshness(q.project), asleep=asleep)
        return HistoryPage(tuple(entries[: q.limit]), fresh)

    async def related(self, q: RelatedQuery) -> Related:
        """What is related to a thing within some hops, nearest first; each project is a graph
        of its own."""
        if not 0 <= q.hops <= HOPS_MAX:
            raise Invalid(f"hops is {q.hops}; it must be 1 to {HOPS_MAX}", field="hops")
        limit = _limit(q.limit, RELATIONS_MAX, RELATIONS_USUAL)
        q = replace(q, hops=q.hops or 1, limit=limit)
        asked, asleep = await self._projects.asked(q.project)
        found = [await self._around(*each, q) for each in asked]
        relations = [relation for each in found for relation in each.relations]
        relations.sort(key=lambda r: (max(r.source.hops, r.target.hops), -r.weight))
        return Related(
            tuple(relations[: q.limit]),
            all(each.complete for each in found) and len(relations) <= q.limit and not asleep,
            replace(await self._freshness(q.project), asleep=asleep),
        )

    async def forgotten(self, after_lsn: int) -> list[Forgotten]:
        """What was forgotten after a position, oldest first, for laptops to forget it too."""
        return await self._memory.read(lambda db: in_memory.told_after(db, after_lsn))

    async def _around(self, project: ProjectId, shard: Shard, q: RelatedQuery) -> Related:
        verbs = frozenset(q.verbs) or neighbours.IN_PROJECT_VERBS | neighbours.IN_MEMORY_VERBS
        if q.kind == "commit" and SHORTEST_COMMIT <= len(q.id) < WHOLE_COMMIT:
            begun = q.id.lower()
            whole = await shard.database.read(lambda db: neighbours.whole_commit(db, begun))
            q = replace(q, id=whole)

        async def ask(frontier: Sequence[Node], limit: int) -> list[Row]:
            here = await shard.database.read(
                lambda db: neighbours.in_project(db, frontier, verbs, limit)
            )
            return here + await self._memory.read(
                lambda db: neighbours.in_memory(db, frontier, verbs, limit, project)
            )

        found = await walked(q, ask)
        nodes: set[Node] = {
            (thing.kind, thing.id)
            for relation in found.relations
            for thing in (relation.source, relation.target)
        }
        named = await shard.database.read(lambda db: labels.in_project(db, nodes))
        named |= await self._memory.read(lambda db: labels.in_memory(db, nodes))

        def labelled(thing: RelatedThing) -> RelatedThing:
            return replace(thing, label=named.get((thing.kind, thing.id), ""))

        relations = [
            replace(r, source=labelled(r.source), target=labelled(r.target))
            for r in found.relations
        ]
        return replace(found, relations=tuple(relations))


def _limit(asked: int, most: int = EVENTS_MAX, usual: int = EVENTS_USUAL) -> int:
    if not 0 <= asked <= most:
        raise Invalid(f"limit is {asked}; it must be 1 to {most:,}", field="limit")
    return asked or usual


def _check(q: HistoryQuery) -> None:
    if min(q.since_ms, q.until_ms, q.before_cursor) < 0:
        raise Invalid("a time or a cursor is not below 0", field="since_ms")
    if len(q.text) > TEXT_CHARACTERS_MAX:
        raise Invalid(f"text has at most {TEXT_CHARACTERS_MAX:,} characters", field="text")
    if q.text and not words_of(q.text):
        raise Invalid("text has no word; events are found by letters and digits", field="text")
    if q.like and q.before_cursor:
        raise Invalid("what is like an event comes best first, on one page", field="before_cursor")
