"""Who leads a lake over time: this Dragon leads, follows, and takes the place of one that is gone.

alone -> leads (when the first follower comes) -> follows (when another took its place)
follows -> leads (when the leader's lease has ended, and the Coordinator grants it)

Whoever was not alone asks the Coordinator before it leads, at every start: it may have been away
while another one led.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from common.backoff import Backoff
from common.errors import Conflict, PostDevAIError, Unavailable
from common.model.ids import NodeId
from common.model.node import NOBODY_YET
from common.model.replica import LakeLead
from dragon_node.lake.lead import Lead
from dragon_node.lake.replication import Replication, term_at
from dragon_node.replica.following import Follow, followed, reach_told
from dragon_node.replica.kept import Kept, ReplicaFile
from dragon_node.replica.leading import Coordinator, Leading

log = logging.getLogger(__name__)

HOLD_S = 2.0
"""A leader looks so often whether another one leads."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a Dragon follows, and who may take its place."""

    follows: str = ""
    """Empty for one that leads."""
    behind: int = 0
    """Records that it lacks of that one; -1 when it is not known."""
    followers: tuple[NodeId, ...] = ()
    in_the_way: str = ""
    """Why it copies nothing from the one that it follows; empty when nothing is."""
    first_lsn: int = 0
    """The oldest position that its journal holds; 0 when nothing was cut."""


class Parted(Conflict):
    """This Dragon's journal has rows that the leader's has not."""


class Succession:
    """The place of one Dragon. `run` it beside the servers."""

    def __init__(
        self,
        own: NodeId,
        journal: Replication,
        lead: Lead,
        coordinator: Coordinator,
        follow: Follow,
        is_gone: Callable[[NodeId], Awaitable[bool]],
        offer: Callable[[bool], Awaitable[object]],
        beyond: Callable[[int], Awaitable[int]],
        file: ReplicaFile,
        kept: Kept | None,
    ) -> None:
        """`is_gone` says whether a node's lease has ended; `offer` is told whether the lake is
        offered to others; `beyond` waits until more than a position is applied."""
        self._own = own
        self._journal = journal
        self._lead = lead
        self._coordinator = coordinator
        self._follow = follow
        self._is_gone = is_gone
        self._offer = offer
        self._file = file
        self._kept = kept
        self._joined = asyncio.Event()
        self.leading = Leading(journal, lead, coordinator, beyond, self._begun)
        self.behind: tuple[int, int] | None = None
        """While it follows: how far it is, and how far the leader is."""
        self.sentence = ""
        """What is in the way, and what to do; empty when nothing is."""

    def place(self) -> Place:
        """As it is told to others."""
        leader = self._lead.following
        first = self._journal.first_lsn
        if not leader:
            return Place(followers=self.leading.named, first_lsn=first)
        if self.behind is None or self.sentence:
            return Place(leader, -1, in_the_way=self.sentence, first_lsn=first)
        here, last = self.behind
        return Place(leader, max(0, last - here), first_lsn=first)

    async def run(self) -> None:
        """Until cancelled. Parted ends it: the next start copies the leader's journal anew."""
        if self._kept is None:
            await self._joined.wait()
        backoff = Backoff()
        while True:
            assert self._kept is not None
            try:
                if self._kept.leader == self._own:
                    await self._leads(self._kept)
                else:
                    await self._follows(self._kept)
                backoff.reset()
                self.sentence = ""
                continue
            except Parted:
                raise
            except PostDevAIError as error:
                said = f"{error.message}. {error.hint}" if error.hint else error.message
                if self.sentence != said:
                    log.warning("%s", said)
                self.sentence = said
            await asyncio.sleep(backoff.next_s())

    # -- leading ------------------------------------------------------------------------------

    async def _leads(self, kept: Kept) -> None:
        """Returns when another one leads."""
        lake = (await self._journal.reach()).journal
        try:
            granted = await self._coordinator.lead(lake)
        except Conflict:
            await self._give_way(await self._coordinator.get(lake))
            return
        if self._lead.following:
            await self._take_over(granted)
        while True:
            await asyncio.sleep(HOLD_S)
            try:
                now = await self._coordinator.get(lake)
            except Unavailable:
                continue  # acknowledgements wait for the followers: nothing is lost meanwhile
            if now.leader not in ("", self._own):
                await self._give_way(now)
                return

    async def _take_over(self, granted: LakeLead) -> None:
        """The term begins in the journal before anything else is written under it."""
        await self._begin_term(granted)
        self.leading.begin(granted)
        self._lead.begin()
        self.behind = None
        await self._offer(True)
        log.info("this Dragon leads the lake epoch=%d", granted.epoch)

    async def _give_way(self, now: LakeLead) -> None:
        self._lead.stand_aside(now.leader)
        await self._offer(False)
        await self._keep(Kept(now.leader, now.epoch))
        log.warning("node=%s leads the lake now, and this Dragon follows it", now.leader)

    async def _begun(self, granted: LakeLead) -> None:
        """The first follower has come to a Dragon that was alone."""
        await self._begin_term(granted)
        await self._keep(Kept(self._own, granted.epoch))
        self._joined.set()

    async def _begin_term(self, granted: LakeLead) -> None:
        reach = await self._journal.reach()
        if term_at(reach.terms, reach.last_lsn)[0] != granted.epoch:
            await self._journal.begin_term(granted.epoch, self._own)

    # -- following ----------------------------------------------------------------------------

    async def _follows(self, kept: Kept) -> None:
        """Returns when this Dragon leads; raises when the leader cannot be followed now."""
        reach = await self._journal.reach()
        leader = await self._leader(reach.journal, kept)
        if leader == self._own:
            return
        self._lead.stand_aside(leader)
        try:
            async with (
                self._follow(leader, reach_told(reach)) as stream,
                aclosing(followed(stream, self._journal)) as moves,
            ):
                async for self.behind in moves:
                    self.sentence = ""
        except Conflict as error:
            if error.field == "open":
                await self._keep(Kept(leader, kept.epoch, parted=True))
                raise Parted(
                    f"this Dragon's journal has parted from that of {leader}",
                    hint="Start it again: the journal is put aside, and the leader's copied anew.",
                ) from error
            raise
        except Unavailable:
            if not await self._is_gone(leader):
                raise
            if not (await self._coordinator.get(reach.journal)).leader:
                raise Unavailable(
                    f"{leader} is gone, and it is written nowhere who has all of its lake",
                    hint="On the Dragon that led it last: dragon-node follow --leader none. On "
                    "each other one: dragon-node follow --leader ID",
                ) from None
            granted = await self._coordinator.lead(reach.journal)
            await self._keep(Kept(self._own, granted.epoch))

    async def _leader(self, lake: str, kept: Kept) -> NodeId:
        """As the Coordinator has it; as it was known last where that cannot be asked, or where the
        leader has never had a follower."""
        try:
            now = await self._coordinator.get(lake)
        except Unavailable:
            return kept.leader
        if now.leader and now.leader != kept.leader:
            await self._keep(Kept(now.leader, now.epoch))
        return now.leader or kept.leader

    async def _keep(self, kept: Kept) -> None:
        await asyncio.to_thread(self._file.write, kept)
        self._kept = kept


def following(kept: Kept | None, own: NodeId) -> str:
    """What a lake is opened with: whom it follows until the Coordinator has been asked."""
    if kept is None:
        return ""
    return NOBODY_YET if kept.leader == own else kept.leader
