"""Ranks the nodes that can do a piece of work: the least busy first."""

from __future__ import annotations

from collections.abc import Iterable

from common.model.node import Capability, Node

Ranked = tuple[tuple[Node, str], ...]
"""Nodes, best first, each with the reason of its rank."""


def rank(capability: Capability, nodes: Iterable[Node]) -> Ranked:
    """Nodes that serve the capability and can be dialled; by queue, then CPU, then id."""
    able = [
        node
        for node in nodes
        if capability in node.capabilities and node.state == "serving" and node.address
    ]
    able.sort(key=lambda node: (node.load.queue, node.load.cpu, node.id))
    return tuple((node, _reason(node, alone=len(able) == 1)) for node in able)


def _reason(node: Node, *, alone: bool) -> str:
    if alone:
        return "the only one"
    return f"queue {node.load.queue}, CPU {node.load.cpu:.2f}"
