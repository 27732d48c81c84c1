"""What was decided for good about places: pins of the owner, and where the mesh put things first.

Keys of the engine: pin/PROJECT and placed/KEY, each with the id of a node; KEY is a project's id,
or the id of the laptop whose recording goes there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from common.errors import Conflict, Invalid, Missing
from common.model.ids import NodeId
from common.model.node import Node
from coordinator_node.engine.ports import Entry, Kv
from coordinator_node.registry.leads import successors
from coordinator_node.routing.project_affinity import Place

PIN = "pin/"
PLACED = "placed/"

_KEY = re.compile(r"[A-Za-z0-9_.=-]{1,128}")


class Places:
    """Pins and placements. What was at a Dragon is at the one that took its place; a node that is
    no longer welcome has nothing."""

    def __init__(self, kv: Kv, denied: Callable[[], frozenset[NodeId]]) -> None:
        self._kv = kv
        self._denied = denied

    async def of(self, key: str) -> Place:
        """What was decided about a project or a laptop's recording."""
        _check(key)
        return Place(key, await self._at(PIN + key), await self._at(PLACED + key))

    async def place(self, key: str, node: NodeId) -> str:
        """Puts it there for good, unless it was put somewhere meanwhile; where it is."""
        _check(key)
        found = await self._kv.get(PLACED + key)
        if said := await self._now(found):
            return said
        try:
            expected = found.revision if found else 0
            await self._kv.put(PLACED + key, node.encode(), expected=expected)
        except Conflict:
            return await self._at(PLACED + key) or node
        return node

    async def pin(
        self, project: str, node: str, nodes: Iterable[Node], *, copied: bool = False
    ) -> None:
        """Keeps a project at a Dragon; Conflict where that would leave behind what another has.

        One that was `copied` there is placed there for good: Conflict when it was placed anew
        while this was decided.
        """
        known = {each.id: each for each in nodes if each.role == "dragon"}
        _check(project)
        if NodeId(node) not in known or NodeId(node) in self._denied():
            raise Missing(f"no Dragon of this mesh has the id {node[:64]!r}", field="node")
        denied = self._denied()
        holders = sorted(
            each.id for each in known.values() if project in each.projects and each.id not in denied
        )
        if holders and node not in holders and not copied:
            raise Conflict(
                f"{node} does not hold project {project}; {' and '.join(holders)} does",
                hint="What it holds is to be copied first: postdevai nodes pin PROJECT NODE",
            )
        for key in (PLACED + project, PIN + project) if copied else ():
            found = await self._kv.get(key)
            await self._kv.put(key, node.encode(), expected=found.revision if found else 0)
        if not copied:
            await self._kv.put(PIN + project, node.encode())

    async def unpin(self, project: str) -> None:
        """Lets the mesh decide again; nothing when it is not pinned."""
        _check(project)
        await self._kv.remove(PIN + project)

    async def told(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """The nodes, but that one which is gone holds nothing that its successor has."""
        if not any(node.state == "gone" and (node.projects or node.hidden) for node in nodes):
            return nodes
        followed = await successors(self._kv)
        return tuple(
            replace(node, projects=(), hidden=())
            if node.state == "gone" and node.id in followed
            else node
            for node in nodes
        )

    async def _at(self, key: str) -> str:
        return await self._now(await self._kv.get(key))

    async def _now(self, found: Entry | None) -> str:
        """The node, or the one that leads its lake since; empty when that is not welcome."""
        if found is None:
            return ""
        said = found.value.decode()
        node = (await successors(self._kv)).get(said, said)
        return "" if NodeId(node) in self._denied() else node


def _check(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise Invalid("project must be an id of 1 to 128 letters and digits", field="project")
