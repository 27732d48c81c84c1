"""Which Dragon leads a lake: decided by compare-and-set, so that no epoch has two leaders.

lead/LAKE in the engine: leader, epoch, the followers that have everything, and who led before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from common.errors import Conflict, Invalid
from common.model.ids import NodeId
from common.model.node import Node
from common.model.replica import LakeLead
from coordinator_node.engine.ports import Kv

PREFIX = "lead/"
FOLLOWERS_MAX = 8


class Leads:
    """Leads in the engine."""

    def __init__(self, kv: Kv, live: Callable[[], tuple[Node, ...]]) -> None:
        """`live` gives the nodes whose lease has not ended."""
        self._kv = kv
        self._live = live

    async def get(self, lake: str) -> LakeLead:
        """Who leads; nobody for a lake that has never had a follower."""
        return (await self._found(lake))[0]

    async def lead(self, lake: str, caller: NodeId) -> LakeLead:
        """Grants the lead, or Conflict that names who has it."""
        kept, revision = await self._found(lake)
        granted = decide(kept, caller, frozenset(node.id for node in self._live()))
        if granted != kept:
            await self._keep(granted, revision)
        return granted

    async def set_followers(
        self, lake: str, caller: NodeId, epoch: int, followers: Sequence[NodeId]
    ) -> LakeLead:
        """The leader's word on who has everything; Conflict when it leads no more."""
        if len(followers) > FOLLOWERS_MAX:
            raise Invalid(f"{len(followers)} followers; {FOLLOWERS_MAX} at most", field="followers")
        kept, revision = await self._found(lake)
        if (kept.leader, kept.epoch) != (caller, epoch):
            raise _led(kept)
        told = replace(kept, followers=tuple(sorted(set(followers) - {caller})))
        if told != kept:
            await self._keep(told, revision)
        return told

    async def successor(self, node: str) -> str:
        """The Dragon that leads now what that one led; empty when no other one does."""
        return (await successors(self._kv)).get(node, "")

    async def _found(self, lake: str) -> tuple[LakeLead, int]:
        if len(lake) != 32 or not all(c in "0123456789abcdef" for c in lake):
            raise Invalid("lake must be 32 hex digits", field="lake")
        entry = await self._kv.get(PREFIX + lake)
        if entry is None:
            return LakeLead(lake, NodeId(""), 0), 0
        said = json.loads(entry.value)
        followers = tuple(map(NodeId, said["followers"]))
        return LakeLead(lake, NodeId(said["leader"]), int(said["epoch"]), followers), entry.revision

    async def _keep(self, lead: LakeLead, revision: int) -> None:
        said = {
            "leader": lead.leader,
            "epoch": lead.epoch,
            "followers": lead.followers,
            "past": await self._past(lead),
        }
        await self._kv.put(PREFIX + lead.lake, json.dumps(said).encode(), expected=revision)

    async def _past(self, lead: LakeLead) -> list[str]:
        """Who led before; what was placed there is at this leader now."""
        entry = await self._kv.get(PREFIX + lead.lake)
        if entry is None:
            return []
        said = json.loads(entry.value)
        return sorted({*said.get("past", ()), said["leader"]} - {lead.leader})


async def successors(kv: Kv) -> dict[str, str]:
    """For each Dragon that led a lake before: the one that leads it now."""
    found = [json.loads(entry.value) for entry in await kv.entries(PREFIX)]
    return {past: str(said["leader"]) for said in found for past in said.get("past", ())}


def decide(kept: LakeLead, caller: NodeId, live: frozenset[NodeId]) -> LakeLead:
    """The lead for a Dragon that asks for it, or Conflict.

    A follower that lacks what was acknowledged never leads: it is not among those that the leader
    named last, and each acknowledgement waited for those.
    """
    if not kept.leader:
        return LakeLead(kept.lake, caller, 1)
    if kept.leader == caller:
        return kept
    if kept.leader in live or caller not in kept.followers:
        raise _led(kept)
    return LakeLead(kept.lake, caller, kept.epoch + 1)


def _led(kept: LakeLead) -> Conflict:
    if not kept.leader:
        return Conflict("nobody leads this lake", hint="its Dragon asks for the lead first")
    return Conflict(
        f"{kept.leader} leads this lake, under epoch {kept.epoch}",
        hint="It follows that one from now on. Look at: postdevai nodes",
    )
