"""Who is there now: a lease for each node, decided by the clock alone.

A node that keeps its stream with another Coordinator is there for as long as that one is there
and has not said that the node is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from common.clock import Clock
from common.errors import Conflict, OverLimit
from common.model.ids import NodeId
from common.model.node import Node, NodeLoad, NodeOffer, NodeState

LEASE_S = 3.0
NODES_MAX = 1024
"""More than these are refused; the ones that are gone make room first."""
SEAT = "seat"
"""The field of a Conflict that says: another process acts as this node now."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A node and the registration under which it is there."""

    node: Node
    epoch: int
    ends: float
    process: str = ""
    """Which process of the node registered; empty when it did not say."""
    sealing_key: str = ""
    holder: str = ""
    """The Coordinator that keeps its stream; empty for this one."""


class Roster:
    """Leases of nodes. Pure over its clock: nothing runs in it."""

    def __init__(
        self, clock: Clock, is_there: Callable[[str], bool] = lambda coordinator: False
    ) -> None:
        """`is_there`: whether another Coordinator is there now, by its id."""
        self._clock = clock
        self._is_there = is_there
        self._seats: dict[NodeId, Seat] = {}

    def remember(self, node: Node) -> None:
        """A node that was there in an earlier life of the Coordinator."""
        self._seats[node.id] = Seat(node, 0, self._clock.monotonic())

    def join(self, node: Node, epoch: int, process: str = "", sealing_key: str = "") -> None:
        """A lease for the node. A later registration of the same node takes its seat."""
        self._make_room(node.id)
        seat = self._seats.get(node.id)
        if seat and seat.epoch > epoch:
            raise taken(seat, process)
        ends = self._clock.monotonic() + LEASE_S
        node = replace(node, epoch=epoch)
        if seat and process and seat.process == process:  # it holds what it held a moment ago
            said = seat.node
            node = replace(_holding(node, said), load=said.load)
        self._seats[node.id] = Seat(node, epoch, ends, process, sealing_key)

    def hear(self, seat: Seat) -> None:
        """What another Coordinator says of a node; nothing when a later registration is here."""
        known = self._seats.get(seat.node.id)
        if (
            known is None
            or seat.epoch > known.epoch
            or (seat.epoch == known.epoch and known.holder)
        ):
            self._make_room(seat.node.id)
            self._seats[seat.node.id] = replace(seat, ends=self._clock.monotonic())

    def beat(
        self,
        node_id: NodeId,
        epoch: int,
        state: NodeState,
        load: NodeLoad,
        offer: NodeOffer | None = None,
        ahead_ms: int = 0,
        process: str = "",
    ) -> None:
        """Renews the lease; Conflict when another registration has the seat."""
        seat = self._own_seat(node_id, epoch, process)
        node = replace(seat.node, state=state, load=load, clock_ahead_ms=ahead_ms)
        if offer is not None:
            node = _holding(node, offer)
        ends = self._clock.monotonic() + LEASE_S
        self._seats[node_id] = replace(seat, node=node, ends=ends)

    def leave(self, node_id: NodeId, epoch: int) -> None:
        """Ends the lease at once, if this registration still has the seat."""
        seat = self._seats.get(node_id)
        if seat and seat.epoch == epoch and not seat.holder:
            self._seats[node_id] = replace(seat, ends=self._clock.monotonic())

    def nodes(self) -> tuple[Node, ...]:
        """All of them, by role and id; gone once the lease has ended."""
        found = (self._seen(seat) for seat in self._seats.values())
        return tuple(sorted(found, key=lambda node: (node.role, node.id)))

    def live(self) -> tuple[Node, ...]:
        """Those whose lease has not ended."""
        return tuple(node for node in self.nodes() if node.state != "gone")

    def own_seats(self) -> tuple[Seat, ...]:
        """Those whose streams came here since this Coordinator started, as they are now."""
        own = (seat for seat in self._seats.values() if seat.epoch and not seat.holder)
        return tuple(replace(seat, node=self._seen(seat)) for seat in own)

    def sealing_key(self, node_id: NodeId) -> str:
        """What the node said at its registration; empty when it has none."""
        seat = self._seats.get(node_id)
        return seat.sealing_key if seat else ""

    def _seen(self, seat: Seat) -> Node:
        left_s = seat.ends - self._clock.monotonic()
        if seat.holder and seat.node.state != "gone" and self._is_there(seat.holder):
            left_s = LEASE_S
        state: NodeState = seat.node.state if left_s > 0 else "gone"
        return replace(seat.node, state=state, lease_s=left_s)

    def _own_seat(self, node_id: NodeId, epoch: int, process: str) -> Seat:
        seat = self._seats.get(node_id)
        if seat is None:
            raise Conflict("this node has no seat any more; it has to register again")
        if seat.epoch != epoch:
            raise taken(seat, process)
        return seat

    def _make_room(self, node_id: NodeId) -> None:
        if node_id in self._seats or len(self._seats) < NODES_MAX:
            return
        gone = [seat for seat in self._seats.values() if self._seen(seat).state == "gone"]
        if not gone:
            raise OverLimit(f"{NODES_MAX} nodes are registered, which is the limit")
        del self._seats[min(gone, key=lambda seat: seat.ends).node.id]


def _holding(node: Node, said: Node | NodeOffer) -> Node:
    """What it says that it holds, and whom it follows."""
    return replace(
        node,
        projects=said.projects,
        models=said.models,
        on_disk=said.on_disk,
        follows=said.follows,
        behind=said.behind,
        followers=said.followers,
        hidden=said.hidden,
        in_the_way=said.in_the_way,
        first_lsn=said.first_lsn,
    )


def taken(seat: Seat, process: str) -> Conflict:
    """Who has the seat, told to the registration that lost it."""
    if seat.process == process:
        return Conflict("another registration of this node has its seat")
    where = f" on {seat.node.machine}" if seat.node.machine else ""
    return Conflict(
        f"another process acts as this node now: pid {seat.node.pid}{where}",
        hint="two machines share one identity; stop one, and join it with a code of its own",
        field=SEAT,
    )
