"""Registrations: a seat in the roster under an epoch that the engine gave."""

from __future__ import annotations

from common.model.node import Identity, Node, NodeLoad, NodeState
from coordinator_node.registry.roster import Roster
from coordinator_node.registry.seen import Seen


class Registry:
    """Who is there, and who was."""

    def __init__(self, roster: Roster, seen: Seen) -> None:
        self._roster = roster
        self._seen = seen

    async def recall(self) -> None:
        """Reads the nodes of earlier lives."""
        for node in await self._seen.all():
            self._roster.remember(node)

    async def register(self, node: Node) -> int:
        """Gives the node a lease; the epoch under which to renew it."""
        epoch = await self._seen.note(node)
        self._roster.join(node, epoch)
        return epoch

    def renew(self, identity: Identity, epoch: int, state: NodeState, load: NodeLoad) -> None:
        """Renews a lease; Conflict when a later registration has taken the seat."""
        self._roster.beat(identity.id, epoch, state, load)

    def leave(self, identity: Identity, epoch: int) -> None:
        """Ends a lease at once."""
        self._roster.leave(identity.id, epoch)

    def nodes(self) -> tuple[Node, ...]:
        """All of them."""
        return self._roster.nodes()

    def live(self) -> tuple[Node, ...]:
        """Those with a lease."""
        return self._roster.live()
