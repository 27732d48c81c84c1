"""Whom a call is carried to: only a node of this mesh that has a lease now."""

from __future__ import annotations

from collections.abc import Iterable

from common.errors import Denied, Missing, Unavailable
from common.model.node import Identity, Node


def target(nodes: Iterable[Node], own: Identity, wanted: Identity) -> Node:
    """The node of that name among those that have a lease.

    Denied when it is of another mesh or the Coordinator itself; Missing when nobody of that name
    is there; Unavailable when it listens to nobody.
    """
    if wanted.mesh != own.mesh:
        raise Denied("the node is of another mesh")
    if wanted.role == "coordinator":
        raise Denied("calls to a Coordinator are made directly")
    for node in nodes:
        if (node.role, node.id) == (wanted.role, wanted.id) and node.state != "gone":
            if not (node.addresses or node.address):
                raise Unavailable(f"{node.role} {node.id} listens to nobody")
            return node
    raise Missing(f"{wanted.role} {wanted.id} has no lease now", hint="is it running?")
