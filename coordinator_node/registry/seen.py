"""The last registration of each node, in the engine: as said to this Coordinator or to another.

seen/ID = what the node said, the epoch of its registration, the Coordinator that keeps its stream
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from common.errors import Conflict
from common.model.ids import NodeId
from common.model.node import Node, NodeLoad
from coordinator_node.engine.ports import Kv
from coordinator_node.registry.roster import Seat, taken

PREFIX = "seen/"
ATTEMPTS = 8
_TUPLES = ("capabilities", "addresses", "projects", "models", "followers", "hidden")


class Seen:
    """What every Coordinator of the mesh knows of every node."""

    def __init__(self, kv: Kv) -> None:
        self._kv = kv

    async def note(self, seat: Seat, holder: str) -> None:
        """Keeps a registration; Conflict when a later one is kept already."""
        key = PREFIX + seat.node.id
        for _ in range(ATTEMPTS):
            entry = await self._kv.get(key)
            known = _seat(key, entry.value) if entry else None
            if known is not None and known.epoch > seat.epoch:
                raise taken(known, seat.process)
            try:
                await self._kv.put(
                    key, _said(seat, holder), expected=entry.revision if entry else 0
                )
                return
            except Conflict:
                continue  # it was written meanwhile: look again whose it is
        raise Conflict("this node registers too often at once; try again")

    async def all(self) -> tuple[Seat, ...]:
        """Every node that ever registered, as it was kept."""
        entries = await self._kv.entries(PREFIX)
        return tuple(_seat(entry.key, entry.value) for entry in entries)

    async def changes(self) -> AsyncIterator[Seat]:
        """What is there now, then each change."""
        async for change in self._kv.watch(PREFIX):
            if change.value is not None:
                yield _seat(change.key, change.value)


def _said(seat: Seat, holder: str) -> bytes:
    node = asdict(seat.node)
    kept = {
        **{name: value for name, value in node.items() if name not in ("id", "lease_s")},
        "epoch": seat.epoch,
        "process": seat.process,
        "sealing_key": seat.sealing_key,
        "holder": holder,
    }
    return json.dumps(kept).encode()


def _seat(key: str, value: bytes) -> Seat:
    """As kept, also by a Coordinator that kept less."""
    said: dict[str, Any] = json.loads(value)
    load: dict[str, Any] = said.get("load") or {}
    lists: dict[str, Any] = {name: tuple(said.get(name, ())) for name in _TUPLES}
    node = Node(
        role=said["role"],
        id=NodeId(key.removeprefix(PREFIX)),
        address=said["address"],
        state=said.get("state", "gone"),
        lease_s=0.0,
        version=said["version"],
        pid=int(said.get("pid", 0)),
        load=NodeLoad(**{n: v for n, v in load.items() if n in NodeLoad.__slots__}),
        epoch=int(said.get("epoch", 0)),
        certificate_ends_ms=int(said.get("certificate_ends_ms", 0)),
        clock_ahead_ms=int(said.get("clock_ahead_ms", 0)),
        machine=str(said.get("machine", "")),
        follows=str(said.get("follows", "")),
        behind=int(said.get("behind", 0)),
        **lists,
    )
    return Seat(
        node,
        node.epoch,
        0.0,
        str(said.get("process", "")),
        str(said.get("sealing_key", "")),
        str(said.get("holder", "")),
    )
