"""The leader's side: who follows, how far each is, and what acknowledgements wait for.

Followers that have everything are named at the Coordinator, and only those may take this Dragon's
place; so each acknowledgement waits for all of them. One that lags is first struck off there, and
only then waited for no more. One that catches up is first waited for, and only then named there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from common.alongside import alongside
from common.errors import Conflict, Invalid, OverLimit, Unavailable
from common.model.ids import NodeId
from common.model.replica import LakeLead
from dragon_node.lake.lead import Lead
from dragon_node.lake.replication import Copy, Reach, agrees

log = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""A follower that lags for so long is struck off, so that laptops go on."""
BEAT_S = 1.0
NEAR = 1_000
"""A follower that lacks no more rows than this is waited for, to have everything."""
FOLLOWERS_MAX = 8

Told = Reach | Copy | int
"""A welcome, rows, or the last position."""


class Coordinator(Protocol):
    """Who leads, as it is written there."""

    async def lead(self, lake: str) -> LakeLead: ...
    async def set_followers(
        self, lake: str, epoch: int, followers: Sequence[NodeId]
    ) -> LakeLead: ...
    async def get(self, lake: str) -> LakeLead: ...


class Journal(Protocol):
    """What is told to followers."""

    async def reach(self) -> Reach: ...
    async def after(self, lsn: int) -> Copy: ...


class Leading:
    """What a leader knows of its followers."""

    def __init__(
        self,
        journal: Journal,
        lead: Lead,
        coordinator: Coordinator,
        beyond: Callable[[int], Awaitable[int]],
        begun: Callable[[LakeLead], Awaitable[None]],
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`beyond` waits until more than that is applied; `begun` is told when the first follower
        comes, so that a term can begin and this Dragon remembers that it has followers."""
        self._journal = journal
        self._lead = lead
        self._coordinator = coordinator
        self._beyond = beyond
        self._begun = begun
        self._patience_s = patience_s
        self._epoch = 0
        self._named: set[NodeId] = set()
        """At the Coordinator, as having everything."""
        self._perhaps: set[NodeId] = set()
        """Those, and those of whom it is not known: the answer was lost."""
        self._waited_for: set[NodeId] = set()
        self._written: dict[NodeId, int] = {}
        self._streams: dict[NodeId, int] = {}
        self._moved = asyncio.Condition()
        self._beginning = asyncio.Lock()
        self._naming = asyncio.Lock()
        self._numbers = 0

    def begin(self, lead: LakeLead) -> None:
        """This Dragon leads, with these followers to wait for until they are struck off."""
        self._epoch = lead.epoch
        self._named = set(lead.followers)
        self._perhaps = set(lead.followers)
        self._waited_for = set(lead.followers)
        self._lead.agreed = self.agreed

    @property
    def followers(self) -> dict[NodeId, int]:
        """Those that are connected, with how far each is."""
        return {node: self._written.get(node, 0) for node in self._streams}

    @property
    def named(self) -> tuple[NodeId, ...]:
        """Those that may take this Dragon's place, as the Coordinator was told."""
        return tuple(sorted(self._named))

    async def agreed(self, lsn: int) -> None:
        """Returns once every follower that counts has written that much. Unavailable when one does
        not, and cannot be struck off either: it is written here, and not acknowledged."""
        while lagging := self._lagging(lsn):
            try:
                async with asyncio.timeout(self._patience_s), self._moved:
                    await self._moved.wait_for(lambda: not self._lagging(lsn))
            except TimeoutError:
                lagging = self._lagging(lsn)
                await self._strike_off(lagging)

    async def serve(
        self, node: NodeId, theirs: Reach, written: AsyncIterator[int]
    ) -> AsyncGenerator[Told]:
        """The journal for one follower, until it goes. Conflict when its journal has parted."""
        self._lead.check()
        if node not in self._streams and len(self._streams) >= FOLLOWERS_MAX:
            raise OverLimit(f"{FOLLOWERS_MAX} Dragons follow this one, which is the limit")
        ours = await self._journal.reach()
        if theirs.last_lsn and theirs.journal != ours.journal:
            raise Conflict(
                "the follower holds a lake of its own",
                hint="A Dragon follows from the beginning: give it a HOME of its own.",
                field="journal",
            )
        if not agrees(ours, theirs):
            raise Conflict(
                "this journal has parted from the leader's",
                hint="It is put aside, and the Dragon copies the leader's anew.",
                field="open",
            )
        await self._begin_once(ours.journal)
        self._numbers += 1
        number = self._streams[node] = self._numbers
        self._written[node] = theirs.last_lsn
        try:
            yield ours
            async with alongside(self._hear(node, written)):
                async for told in self._rows(theirs.last_lsn):
                    self._lead.check()
                    await self._name_when_near(node)
                    yield told
        finally:
            if self._streams.get(node) == number:
                del self._streams[node]

    async def _begin_once(self, lake: str) -> None:
        async with self._beginning:
            if self._epoch:
                return
            lead = await self._coordinator.lead(lake)
            self.begin(lead)
            await self._begun(lead)

    async def _rows(self, lsn: int) -> AsyncIterator[Copy | int]:
        """What follows, as it becomes durable; the last position when nothing does."""
        while True:
            while (copy := await self._journal.after(lsn)).rows:
                yield copy
                lsn = copy.rows[-1].lsn
            yield (await self._journal.reach()).last_lsn
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await self._beyond(lsn)

    async def _hear(self, node: NodeId, written: AsyncIterator[int]) -> None:
        async for lsn in written:
            if lsn < self._written.get(node, 0):
                raise Invalid(f"written went back to {lsn:,}", field="written")
            async with self._moved:
                self._written[node] = lsn
                self._moved.notify_all()

    async def _name_when_near(self, node: NodeId) -> None:
        """Waits for it from now on; once it has what was there then, it is named."""
        last = (await self._journal.reach()).last_lsn
        if node in self._named or self._written[node] + NEAR < last:
            return
        self._waited_for.add(node)
        if self._written[node] < last:
            return  # looked at again with the next beat
        async with self._naming:
            self._perhaps.add(node)
            await self._tell(self._perhaps)
            self._named |= self._perhaps
        log.info("node=%s has everything and could take this one's place", node)

    async def _strike_off(self, lagging: set[NodeId]) -> None:
        async with self._naming:
            gone = lagging & self._perhaps
            if gone:
                try:
                    await self._tell(self._perhaps - gone)
                except Unavailable as error:
                    raise Unavailable(
                        f"{', '.join(sorted(gone))} follows this Dragon and does not answer, and "
                        f"the Coordinator cannot be asked: {error.message}",
                        hint="What was sent is kept here, and acknowledged when one of them is.",
                    ) from error
                self._perhaps -= gone
                self._named -= gone
                log.warning("followers struck off: %s", ", ".join(sorted(gone)))
            self._waited_for -= lagging
        async with self._moved:
            self._moved.notify_all()

    async def _tell(self, followers: set[NodeId]) -> None:
        lake = (await self._journal.reach()).journal
        try:
            await self._coordinator.set_followers(lake, self._epoch, sorted(followers))
        except Conflict as error:
            self._lead.stand_aside("another one")
            log.warning("this Dragon leads no more: %s", error.message)
            raise Unavailable(error.message, hint=error.hint) from error

    def _lagging(self, lsn: int) -> set[NodeId]:
        return {node for node in self._waited_for if self._written.get(node, 0) < lsn}
