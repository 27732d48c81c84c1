"""What the registry says of a node's lease while something else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from common.clients.membership import Membership
from common.model.node import Node, NodeState, Role

LOOK_S = 0.05


@dataclass(slots=True)
class Lease:
    """Of one node, as others could see it."""

    states: set[NodeState] = field(default_factory=set[NodeState])
    shortest_s: float = float("inf")
    """The least that was left of it; negative once it has ended."""
    looks: int = 0
    lapsed: asyncio.Event = field(default_factory=asyncio.Event)
    """It was seen to have ended."""

    def note(self, node: Node) -> None:
        """One look."""
        self.looks += 1
        self.states.add(node.state)
        self.shortest_s = min(self.shortest_s, node.lease_s)
        if node.state == "gone":
            self.lapsed.set()


@asynccontextmanager
async def watched_lease(membership: Membership, role: Role) -> AsyncGenerator[Lease]:
    """Looks until the block ends, and has looked before it begins."""
    lease = Lease()
    began = asyncio.Event()

    async def look() -> None:
        while True:
            for node in await membership.nodes():
                if node.role == role:
                    lease.note(node)
            began.set()
            await asyncio.sleep(LOOK_S)

    async with asyncio.TaskGroup() as group:
        looker = group.create_task(look())
        await began.wait()
        yield lease
        looker.cancel()
