"""The registrations that the engine keeps: each gives an epoch, and a restart forgets none."""

from __future__ import annotations

import json
from typing import Any

from common.model.ids import NodeId
from common.model.node import Node
from coordinator_node.engine.ports import Kv

PREFIX = "seen/"


class Seen:
    """The last registration of each node."""

    def __init__(self, kv: Kv) -> None:
        self._kv = kv

    async def note(self, node: Node) -> int:
        """Keeps a registration; its epoch, which is higher than every earlier one."""
        said = {
            "role": node.role,
            "address": node.address,
            "version": node.version,
            "capabilities": node.capabilities,
        }
        return await self._kv.put(PREFIX + node.id, json.dumps(said).encode())

    async def all(self) -> tuple[Node, ...]:
        """Every node that ever registered, as gone."""
        return tuple(
            _node(NodeId(entry.key.removeprefix(PREFIX)), json.loads(entry.value))
            for entry in await self._kv.entries(PREFIX)
        )


def _node(node_id: NodeId, said: dict[str, Any]) -> Node:
    return Node(
        role=said["role"],
        id=node_id,
        address=said["address"],
        state="gone",
        lease_s=0.0,
        version=said["version"],
        capabilities=tuple(said["capabilities"]),
    )
