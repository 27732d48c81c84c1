"""Projects that come to this Dragon from others, from the first record to the last late one.

Asked for -> copied -> placed here, as the Coordinator says -> whole -> handed on by its holder.
Only then is it answered from here. What laptops still send to the holder is asked for ever less
often.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

from common.clock import Clock, SystemClock
from common.errors import Conflict, PostDevAIError, Unavailable
from common.model.ids import ContentHash, NodeId, ProjectId
from common.model.replica import JournalRow, JournalRows, ProjectHolding
from dragon_node.lake.moves import Arrival, Moves
from dragon_node.lake.moving import Holding, Told, is_of
from dragon_node.lake.records import Blobs, Note
from dragon_node.lake.shards import step_of
from dragon_node.replica.following import AHEAD_BYTES_MAX, row_of

log = logging.getLogger(__name__)

LOOK_S = 0.5
LATE_MOST_S = 60.0
"""So often at least a former holder is asked for what came late."""


class Tell(Protocol):
    """Asks another Dragon: what it has, then its records."""

    def __call__(
        self, holder: NodeId, project: str, after: int, *, handed: bool
    ) -> AsyncGenerator[ProjectHolding | JournalRows]: ...


class Takes(Protocol):
    """The lake's side."""

    @property
    def moves(self) -> Moves: ...
    async def expect(self, project: ProjectId, holder: NodeId, holding: Holding) -> Arrival: ...
    def at(self, arrival: Arrival) -> int: ...
    async def take(self, arrival: Arrival, told: Told) -> int: ...
    async def hear(self, arrival: Arrival, note: Note) -> None: ...
    async def keep(self, contents: Blobs) -> None: ...
    async def arrived(self, project: ProjectId) -> None: ...


class Arriving:
    """`run` it beside the servers; `bring` is for whoever wants a project moved."""

    def __init__(
        self,
        own: NodeId,
        lake: Takes,
        tell: Tell,
        placed: Callable[[str], Awaitable[str]],
        clock: Clock | None = None,
    ) -> None:
        """`placed` names the Dragon where a project is placed, as the Coordinator has it."""
        self._own = own
        self._lake = lake
        self._tell = tell
        self._placed = placed
        self._clock = clock or SystemClock()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._due: dict[Arrival, tuple[float, float]] = {}
        """When each is looked at next, and the pause after that."""

    async def bring(self, project: ProjectId, holder: NodeId) -> AsyncGenerator[tuple[int, int]]:
        """Copies what is not here yet: (how far it is, the end), as it moves."""
        if holder == self._own:
            raise Conflict(f"project {project} is at this Dragon already", field="holder")
        async with aclosing(self._brought(project, holder, handed=False)) as moves:
            async for move in moves:
                yield move
        self._due.clear()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for arrival in self._lake.moves.arrivals:
                await self._look_at(arrival)
            await asyncio.sleep(LOOK_S)

    async def _look_at(self, arrival: Arrival) -> None:
        now_s = self._clock.monotonic()
        due_s, pause_s = self._due.get(arrival, (now_s, LOOK_S))
        if now_s < due_s:
            return
        try:
            came = await self._settled(arrival)
        except PostDevAIError as error:
            log.debug("project=%s from=%s: %s", arrival.project, arrival.holder, error.message)
            came = 0
        pause_s = LOOK_S if came else min(LATE_MOST_S, 2 * pause_s)
        self._due[arrival] = (self._clock.monotonic() + pause_s, pause_s)

    async def _settled(self, arrival: Arrival) -> int:
        """How many records came."""
        if arrival.whole:
            return await self._all_of(arrival, handed=True)
        if await self._placed(arrival.project) != self._own:
            return 0
        came = await self._all_of(arrival, handed=False)
        await self._lake.arrived(arrival.project)
        log.info("project=%s is here now, and was at node=%s", arrival.project, arrival.holder)
        return came + await self._all_of(arrival, handed=True)

    async def _all_of(self, arrival: Arrival, *, handed: bool) -> int:
        before = self._lake.at(arrival)
        async for _ in self._brought(arrival.project, arrival.holder, handed=handed):
            pass
        return self._lake.at(arrival) - before

    async def _brought(
        self, project: ProjectId, holder: NodeId, *, handed: bool
    ) -> AsyncGenerator[tuple[int, int]]:
        async with self._turns[project]:
            known = self._lake.moves.arrival(project, holder)
            after = self._lake.at(known) if known else 0
            async with aclosing(self._tell(holder, project, after, handed=handed)) as told:
                holding = await _holding(told)
                if handed and known:  # it has arrived, and may even have gone on from here
                    arrival = known
                else:
                    arrival = await self._lake.expect(project, holder, holding)
                if self._lake.at(arrival) < after or not is_of(arrival, holding):
                    raise Unavailable(f"{holder} has begun another journal", hint="Try again.")
                yield self._lake.at(arrival), holding.last_lsn
                async for at in self._taken(arrival, told):
                    yield at, holding.last_lsn
            yield holding.last_lsn, holding.last_lsn

    async def _taken(
        self, arrival: Arrival, told: AsyncGenerator[ProjectHolding | JournalRows]
    ) -> AsyncGenerator[int]:
        ahead: dict[ContentHash, bytes] = {}
        async for rows in told:
            assert isinstance(rows, JournalRows)
            ahead |= {ContentHash(each.hash): each.data for each in rows.contents}
            if rows.rows and rows.rows[0].kind == "note":
                for row in rows.rows:
                    await self._lake.hear(arrival, _note(row))
            elif rows.rows:
                records = tuple((row.lsn, row.body) for row in rows.rows)
                yield await self._lake.take(arrival, Told(records, dict(ahead)))
                ahead.clear()
            elif sum(map(len, ahead.values())) > AHEAD_BYTES_MAX:
                await self._lake.keep(ahead)
                ahead.clear()


def _note(row: JournalRow) -> Note:
    body = step_of(row_of(row)).body
    assert isinstance(body, Note)
    return body


async def _holding(told: AsyncGenerator[ProjectHolding | JournalRows]) -> Holding:
    first = await anext(told, None)
    if not isinstance(first, ProjectHolding):
        raise Unavailable("the Dragon that holds the project ended before it said what it has")
    return Holding(first.journal, first.name, first.last_lsn)
