"""What a laptop's mirror is told: what it lacks, then what changes, as long as it listens.

Nothing is queued for a slow listener: what it has not taken is not made, and what changed meanwhile
is told once, as it is then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from functools import partial
from typing import Protocol

from common.light import light
from common.model.ids import EventId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from common.model.near import (
    EventsGone,
    FollowMemoryRequest,
    MemoryComplete,
    MemoryReset,
    MirroredSymptom,
    SymptomGone,
    Told,
)
from dragon_node.failures.following_shown import card_of, recalled
from dragon_node.failures.following_stamps import Key, Seen, epoch, pulse, stamps
from dragon_node.failures.recall import LakeOfFailures, Recaller
from dragon_node.lake.forgetting import in_memory

EVENTS_MAX = 2_000
"""The newest are told; who was away for longer has no use for the rest."""
EVENTS_A_PAGE = 500
IDS_A_PART = 2_000
LOOK_S = 0.5
"""What changes within it is told together."""
STANDING_S = 15.0
"""When nothing changes for so long, that is told."""


class LakeThatIsFollowed(LakeOfFailures, Protocol):
    """What of the lake is needed to tell what changes."""

    async def wait_applied(self, lsn: int) -> int:
        """The position applied, once it is beyond `lsn`."""
        ...

    async def history(self, q: HistoryQuery) -> HistoryPage:
        """Events, newest first."""
        ...


class Following:
    """The failure memory and the newest events, for those who mirror them."""

    def __init__(
        self, lake: LakeThatIsFollowed, recaller: Recaller, *, look_s: float = LOOK_S
    ) -> None:
        self._lake = lake
        self._recaller = recaller
        self._look_s = look_s

    async def follow(self, request: FollowMemoryRequest) -> AsyncGenerator[Told]:
        """What differs from what is held, and then what changes, each time up to "complete". A
        cursor of another journal, or beyond this one, means nothing: a reset goes first."""
        known = {(each.fingerprint, each.values): each.stamp for each in request.held}
        own = await self._lake.memory.read(epoch)
        applied = await self._lake.wait_applied(-1)
        cursor = request.cursor
        if request.epoch != own or cursor > applied:
            cursor = 0
            yield MemoryReset(own)
        last = ""
        while True:
            now = await self._lake.memory.read(pulse)
            if now != last:
                async for told in self._symptoms(known, request.since_ms):
                    yield told
                last = now
            async for told in self._events(cursor, applied):
                yield told
            cursor = applied
            yield MemoryComplete(own, cursor)
            await asyncio.sleep(self._look_s)
            applied = await self._beyond(applied)

    async def _beyond(self, applied: int) -> int:
        try:
            async with asyncio.timeout(STANDING_S):
                return await self._lake.wait_applied(applied)
        except TimeoutError:
            return applied

    async def _symptoms(self, known: dict[Key, str], since_ms: int) -> AsyncGenerator[Told]:
        """What is gone first; then what is new or says something else, newest first."""
        there = await self._lake.memory.read(partial(stamps, since_ms=since_ms))
        for key in [key for key in known if key not in there]:
            del known[key]
            yield SymptomGone(*key)
        for key, seen in there.items():
            if known.get(key) == seen.stamp:
                continue
            told = await self._told(key, seen)
            known[key] = seen.stamp
            if told is not None:
                yield told

    async def _told(self, key: Key, seen: Seen) -> MirroredSymptom | None:
        """None when it was forgotten a moment ago: the next look finds that."""
        fingerprint, values = key
        card = await self._lake.memory.read(
            partial(card_of, fingerprint=fingerprint, values=values)
        )
        if card is None:
            return None
        found = await self._recaller.by_failure(card.failure)
        return MirroredSymptom(
            fingerprint,
            values,
            seen.stamp,
            seen.newest,
            seen.at_ms,
            recalled(found),
            card.offered,
            card.snoozed_until_ms,
            card.why,
        )

    async def _events(self, cursor: int, applied: int) -> AsyncGenerator[Told]:
        """Those that were forgotten after a cursor, then those that were recorded after it."""
        if applied <= cursor:
            return
        after = partial(in_memory.told_after, lsn=cursor)
        for forgotten in await self._lake.memory.read(after) if cursor else ():
            for some in _in_parts(forgotten.events):
                yield EventsGone(some)
        before = 0
        left = min(EVENTS_MAX, applied - cursor)
        while left > 0:
            page = await self._page(before, min(left, EVENTS_A_PAGE))
            new = [entry for entry in page if entry.cursor > cursor]
            for entry in new:
                yield HistoryEntry(entry.cursor, light(entry.event), entry.project)
            if len(new) < min(left, EVENTS_A_PAGE):
                return
            left -= len(new)
            before = new[-1].cursor

    async def _page(self, before: int, limit: int) -> tuple[HistoryEntry, ...]:
        query = HistoryQuery(limit=limit, before_cursor=before)
        return (await self._lake.history(query)).entries


def _in_parts(ids: tuple[EventId, ...]) -> Iterable[tuple[EventId, ...]]:
    return (ids[at : at + IDS_A_PART] for at in range(0, len(ids), IDS_A_PART))
