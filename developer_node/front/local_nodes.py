"""The nodes of this machine, as their ready files tell: what is known when the daemon is away."""

from __future__ import annotations

from common.daemon.home import Home
from common.model.ids import NodeId
from common.model.node import Node, Role

ROLES: tuple[Role, ...] = ("coordinator", "dragon", "developer")


def local_nodes(home: Home) -> tuple[Node, ...]:
    """Those that serve. Their leases are the Coordinator's to know."""
    found = (home.ready(role) for role in ROLES)
    return tuple(
        Node(
            role=ready.role,
            id=NodeId(""),
            address=ready.address,
            state="serving",
            lease_s=0.0,
            version=ready.version,
            pid=ready.pid,
        )
        for ready in found
        if ready is not None
    )
