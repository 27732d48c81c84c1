"""Registrations: a seat in the roster under an epoch that the engine gave.

The engine gives epochs, which only rise, whichever Coordinator asks; who is there is decided by
heartbeats in memory, so that none of them is written to a disk.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from common.backoff import Backoff
from common.errors import Conflict, PostDevAIError
from common.model.ids import NodeId
from common.model.node import Identity, Node, NodeLoad, NodeOffer, NodeState
from coordinator_node.engine.ports import Leases
from coordinator_node.registry.coordinators import Coordinators
from coordinator_node.registry.roster import Roster, Seat
from coordinator_node.registry.seen import Seen

log = logging.getLogger(__name__)

EPOCH_S = 60.0
"""The term of the engine's lease: it is wanted for its epoch alone."""
SHARE_S = 0.25
LOAD_S = 2.0
"""Another Coordinator hears of a load that changed after so long."""


class Registry:
    """Who is there, and who was."""

    def __init__(
        self, roster: Roster, seen: Seen, leases: Leases, coordinators: Coordinators
    ) -> None:
        self._roster = roster
        self._seen = seen
        self._leases = leases
        self.coordinators = coordinators
        self._told: dict[NodeId, tuple[Seat, float]] = {}

    async def recall(self) -> None:
        """Reads the nodes of earlier lives."""
        for seat in await self._seen.all():
            self._roster.remember(seat.node)

    async def register(self, node: Node, process: str = "", sealing_key: str = "") -> int:
        """Gives the node a lease; the epoch under which to renew it."""
        lease = await self._leases.acquire(f"node/{node.id}", node.id, EPOCH_S)
        seat = Seat(node, lease.epoch, 0.0, process, sealing_key)
        await self._seen.note(seat, self.coordinators.own_id)
        self._roster.join(node, lease.epoch, process, sealing_key)
        return lease.epoch

    def renew(
        self,
        identity: Identity,
        epoch: int,
        state: NodeState,
        load: NodeLoad,
        offer: NodeOffer | None = None,
        ahead_ms: int = 0,
        process: str = "",
    ) -> None:
        """Renews a lease; Conflict when a later registration has taken the seat."""
        self._roster.beat(identity.id, epoch, state, load, offer, ahead_ms, process)

    def leave(self, identity: Identity, epoch: int) -> None:
        """Ends a lease at once."""
        self._roster.leave(identity.id, epoch)

    def nodes(self) -> tuple[Node, ...]:
        """All of them."""
        return self._roster.nodes()

    def live(self) -> tuple[Node, ...]:
        """Those with a lease."""
        return self._roster.live()

    def sealing_key(self, node_id: NodeId) -> str:
        """The key for calls sealed end to end that the node said; empty when it has none."""
        return self._roster.sealing_key(node_id)

    async def share(self) -> None:
        """Tells the other Coordinators of the nodes here, and hears of theirs; until cancelled."""
        backoff = Backoff()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            while True:
                await asyncio.sleep(SHARE_S)
                if not self.coordinators.others():
                    continue
                try:
                    await self._tell(asyncio.get_running_loop().time())
                    backoff.reset()
                except PostDevAIError as error:
                    log.warning("the other Coordinators were not told: %s", error.message)
                    await asyncio.sleep(backoff.next_s())

    async def _tell(self, now: float) -> None:
        for seat in self._roster.own_seats():
            told, at = self._told.get(seat.node.id, (None, 0.0))
            if told is not None and _same(told, seat, loads=now - at < LOAD_S):
                continue
            try:
                await self._seen.note(seat, self.coordinators.own_id)
            except Conflict as error:  # it is with another Coordinator by now
                log.info("node=%s is not told of: %s", seat.node.id, error.message)
            self._told[seat.node.id] = (seat, now)

    async def _follow(self) -> None:
        await self.coordinators.until_others()
        backoff = Backoff()
        while True:
            try:
                async for seat in self._seen.changes():
                    backoff.reset()
                    if seat.holder and seat.holder != self.coordinators.own_id:
                        self._roster.hear(seat)
            except PostDevAIError as error:
                log.warning("the other Coordinators are not heard: %s", error.message)
            await asyncio.sleep(backoff.next_s())


def _same(told: Seat, now: Seat, *, loads: bool) -> bool:
    """Whether what was told still holds; with `loads` a load may be another."""
    node = replace(now.node, lease_s=told.node.lease_s, clock_ahead_ms=told.node.clock_ahead_ms)
    if loads:
        node = replace(node, load=told.node.load)
    return (told.epoch, told.node) == (now.epoch, node)
