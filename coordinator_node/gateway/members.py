"""The nodes that were let in: their roles, their keys, and those that are denied."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from common.errors import Conflict, Invalid, Missing
from common.model.ids import NodeId
from common.model.node import Identity, Role
from common.model.node import Member as Known
from common.rpc.policy import Right
from coordinator_node.engine.ports import Kv

PREFIX = "member/"
LEFT = "left/"
"""Who left by its own word; beside the member, so that older programs read that one."""
BEGINNING_MIN = 4
"""Digits of an id that may stand for the whole of it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A node that was let in."""

    id: NodeId
    role: Role
    admin: bool
    keys: tuple[str, ...]
    """Public keys, PEM, newest first; two at most, for a renewal whose answer was lost."""
    leaf_ends_ms: int
    denied: bool = False


class Members:
    """Members in the engine, with the admins and the denied at hand for every call."""

    def __init__(self, kv: Kv) -> None:
        self._kv = kv
        self._admins: frozenset[NodeId] = frozenset()
        self._denied: frozenset[NodeId] = frozenset()
        self._left: frozenset[NodeId] = frozenset()
        self._every: tuple[Member, ...] = ()

    async def refresh(self) -> None:
        """Reads who is admin and who is denied; the owner may have changed it meanwhile."""
        members = [_member(entry.value) for entry in await self._kv.entries(PREFIX)]
        self._admins = frozenset(member.id for member in members if member.admin)
        self._denied = frozenset(member.id for member in members if member.denied)
        self._left = frozenset(
            NodeId(entry.key.removeprefix(LEFT)) for entry in await self._kv.entries(LEFT)
        )
        self._every = tuple(sorted(members, key=lambda member: (member.role, member.id)))

    def told(self) -> tuple[Known, ...]:
        """All that were let in, by role, then id, as others are told of them."""
        return tuple(
            Known(
                each.role,
                each.id,
                each.leaf_ends_ms,
                each.denied,
                each.denied and each.id in self._left,
            )
            for each in self._every
        )

    def denied(self) -> frozenset[NodeId]:
        """Those that are no longer welcome."""
        return self._denied

    def left(self) -> frozenset[NodeId]:
        """Those among them that left by their own word."""
        return self._denied & self._left

    def rights(self, identity: Identity) -> frozenset[Right]:
        """What a node may do beside what its role may."""
        return frozenset(("admin",)) if identity.id in self._admins else frozenset()

    def has_admin(self) -> bool:
        """Whether anybody may invite yet, beside the owner of the files."""
        return bool(self._admins)

    async def has_coordinators(self, beside: str) -> bool:
        """Whether there are Coordinators beside the one of that id which have not left."""
        entries = await self._kv.entries(PREFIX)
        return any(_is_coordinator(e.value) and e.key != PREFIX + beside for e in entries)

    async def know(self, coordinator: Identity, key_pem: str, leaf_ends_ms: int) -> None:
        """A Coordinator that came in by no code, as the one that founded the mesh, is a member
        like those that were let in. One that is a member stays as it is, also a denied one."""
        if await self.get(coordinator.id) is None:
            await self.keep(
                Member(coordinator.id, coordinator.role, False, (key_pem,), leaf_ends_ms)
            )

    async def get(self, node_id: NodeId) -> Member | None:
        """The member, or None."""
        entry = await self._kv.get(PREFIX + node_id)
        return _member(entry.value) if entry else None

    async def find(self, named: str) -> Member:
        """The one of that id, or whose id alone begins so; Missing, or Invalid when it is not
        clear which one is meant."""
        member = await self.get(NodeId(named))
        if member is not None:
            return member
        begin = [
            _member(entry.value)
            for entry in await self._kv.entries(PREFIX + named)
            if len(named) >= BEGINNING_MIN
        ]
        if len(begin) > 1:
            ids = ", ".join(each.id for each in begin)
            raise Invalid(f"{named} may be any of {ids}", field="node_id")
        if not begin:
            raise Missing(f"no node {named[:40]} was ever let in", hint="see `postdevai nodes`")
        return begin[0]

    async def keep(self, member: Member) -> None:
        """Adds or replaces a member; a denial that came meanwhile stays."""
        entry = await self._kv.get(PREFIX + member.id)
        denied = member.denied or (entry is not None and _member(entry.value).denied)
        value = json.dumps(asdict(replace(member, denied=denied))).encode()
        await self._kv.put(PREFIX + member.id, value, expected=entry.revision if entry else 0)
        await self.refresh()

    async def deny(self, node_id: NodeId) -> None:
        """Makes a node unwelcome for good; Missing when it was never let in."""
        member = await self.get(node_id)
        if member is None:
            raise Missing(f"no node {node_id} was ever let in", hint="see `postdevai nodes`")
        try:
            await self.keep(replace(member, denied=True))
        except Conflict:  # it renewed at that moment
            await self.keep(replace(member, denied=True))

    async def leave(self, node_id: NodeId) -> None:
        """As `deny`, and it is said that it was its own word."""
        known = await self.get(node_id)
        if known is None or not known.denied:  # who was put out did not leave
            await self._kv.put(LEFT + node_id, b"{}")
        await self.deny(node_id)


def _member(value: bytes) -> Member:
    said: dict[str, Any] = json.loads(value)
    return replace(Member(**said), keys=tuple(said["keys"]))


def _is_coordinator(value: bytes) -> bool:
    match json.loads(value):
        case {"role": "coordinator", "denied": False}:
            return True
        case _:
            return False
