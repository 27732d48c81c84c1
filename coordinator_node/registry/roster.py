"""Who is there now: a lease for each node, decided by the clock alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.clock import Clock
from common.errors import Conflict, OverLimit
from common.model.ids import NodeId
from common.model.node import Node, NodeLoad, NodeState

LEASE_S = 3.0
NODES_MAX = 1024
"""More than these are refused; the ones that are gone make room first."""


@dataclass(frozen=True, slots=True)
class _Seat:
    node: Node
    epoch: int
    ends: float


class Roster:
    """Leases of nodes. Pure over its clock: nothing runs in it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seats: dict[NodeId, _Seat] = {}

    def remember(self, node: Node) -> None:
        """A node that was there in an earlier life of the Coordinator."""
        self._seats[node.id] = _Seat(node, 0, self._clock.monotonic())

    def join(self, node: Node, epoch: int) -> None:
        """A lease for the node. A later registration of the same node takes its seat."""
        self._make_room(node.id)
        seat = self._seats.get(node.id)
        if seat and seat.epoch > epoch:
            raise Conflict("a later registration of this node is here already")
        self._seats[node.id] = _Seat(node, epoch, self._clock.monotonic() + LEASE_S)

    def beat(self, node_id: NodeId, epoch: int, state: NodeState, load: NodeLoad) -> None:
        """Renews the lease; Conflict when another registration has the seat."""
        seat = self._own_seat(node_id, epoch)
        node = replace(seat.node, state=state, load=load)
        self._seats[node_id] = _Seat(node, epoch, self._clock.monotonic() + LEASE_S)

    def leave(self, node_id: NodeId, epoch: int) -> None:
        """Ends the lease at once, if this registration still has the seat."""
        seat = self._seats.get(node_id)
        if seat and seat.epoch == epoch:
            self._seats[node_id] = replace(seat, ends=self._clock.monotonic())

    def nodes(self) -> tuple[Node, ...]:
        """All of them, by role and id; gone once the lease has ended."""
        found = (self._seen(seat) for seat in self._seats.values())
        return tuple(sorted(found, key=lambda node: (node.role, node.id)))

    def live(self) -> tuple[Node, ...]:
        """Those whose lease has not ended."""
        return tuple(node for node in self.nodes() if node.state != "gone")

    def _seen(self, seat: _Seat) -> Node:
        left_s = seat.ends - self._clock.monotonic()
        state: NodeState = seat.node.state if left_s > 0 else "gone"
        return replace(seat.node, state=state, lease_s=left_s)

    def _own_seat(self, node_id: NodeId, epoch: int) -> _Seat:
        seat = self._seats.get(node_id)
        if seat is None or seat.epoch != epoch:
            raise Conflict("another registration of this node has its seat")
        return seat

    def _make_room(self, node_id: NodeId) -> None:
        if node_id in self._seats or len(self._seats) < NODES_MAX:
            return
        gone = [seat for seat in self._seats.values() if seat.ends <= self._clock.monotonic()]
        if not gone:
            raise OverLimit(f"{NODES_MAX} nodes are registered, which is the limit")
        del self._seats[min(gone, key=lambda seat: seat.ends).node.id]
