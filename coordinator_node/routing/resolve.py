"""Routes to a capability: ranked nodes, each with a ticket for this caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from common.clock import Clock
from common.errors import Invalid, Unavailable
from common.model.node import NO_ROUTE, Capability, Identity, Node, RankedNode, Route
from common.rpc.tickets import TICKET_S, SigningKey, sign
from coordinator_node.routing import least_loaded, project_affinity
from coordinator_node.routing.given import Given
from coordinator_node.routing.many import Many
from coordinator_node.routing.places import Places
from coordinator_node.routing.work import INGEST, Work

Policy = Literal["least_loaded", "project_affinity"]

ROUTES_MAX = 8
"""So many are tried before somebody asks again; each costs a signature."""


@dataclass(frozen=True, slots=True)
class Explained:
    """How a question would be decided."""

    policy: Policy
    nodes: tuple[RankedNode, ...]
    """Best first, then those that were left out."""
    key: str = ""
    """What was placed: a project's id or a laptop's; empty where nothing is."""


class Router:
    """Answers Resolve and ExplainRoute."""

    def __init__(
        self,
        *,
        own: Identity,
        nodes: Callable[[], tuple[Node, ...]],
        signer: Callable[[], SigningKey],
        clock: Clock,
        places: Places,
        version: str = "",
        sealing_key: Callable[[Identity], str] = lambda node: "",
    ) -> None:
        """`nodes` gives every node, those that are gone too; `version` is the Coordinator's."""
        self._own = own
        self._nodes = nodes
        self._signer = signer
        self._clock = clock
        self._places = places
        self._version = version
        self._sealing_key = sealing_key
        self._given = Given(clock)
        self._many = Many(nodes, clock, version)

    async def resolve(self, caller: Identity, work: Work) -> tuple[Route, ...]:
        """Best first; Unavailable when nobody can do it now."""
        explained = await self._decided(caller, work)
        ranked = [each for each in explained.nodes if each.rank]
        if not ranked:
            raise nobody(work, explained.nodes)
        if work.task == INGEST:
            at = await self._places.place(explained.key, ranked[0].node.id)
            ranked = [each for each in ranked if each.node.id == at]
            if not ranked:
                raise Unavailable(f"the recording was placed at {at} meanwhile", hint="Try again.")
        if explained.policy == "least_loaded":
            self._given.note(ranked[0].node.id)
            self._many.note(ranked[0].node.id)
        return tuple(self._route(caller, each) for each in ranked[:ROUTES_MAX])

    async def explain(self, caller: Identity, work: Work) -> Explained:
        """Every node with its rank and reasons; nothing is decided by it."""
        return await self._explained(caller, work, self._nodes)

    async def _decided(self, caller: Identity, work: Work) -> Explained:
        """By the few nodes that matter, where there are many; by all of them else."""
        if self._many.are_many():
            few = await self._explained(caller, work, None)
            if any(each.rank for each in few.nodes):
                return few
        return await self.explain(caller, work)

    async def _explained(
        self, caller: Identity, work: Work, every: Callable[[], tuple[Node, ...]] | None
    ) -> Explained:
        key = work.project or (caller.id if work.task == INGEST else "")
        if key and work.capability != "inference":
            place = await self._places.of(key)
            nodes = every() if every else self._many.index.homes(work, place)
            nodes = await self._places.told(nodes)
            ranked = project_affinity.rank(work, nodes, place, version=self._version)
            return Explained("project_affinity", ranked, key)
        nodes = every() if every else self._many.index.soonest(work)
        given = self._given.now()
        ranked = least_loaded.rank(work, nodes, version=self._version, given=given)
        return Explained("least_loaded", ranked)

    def _route(self, caller: Identity, ranked: RankedNode) -> Route:
        node = ranked.node
        identity = Identity(self._own.mesh, node.role, node.id)
        target = identity.uri
        now_ms = self._clock.now_ms()
        ticket = sign(
            self._signer(), issuer=self._own.uri, caller=caller.uri, target=target, now_ms=now_ms
        )
        route = Route(node.address, target, ticket, now_ms + TICKET_S * 1000)
        sealing_key = self._sealing_key(identity)
        return replace(
            route,
            reason=", ".join(ranked.reasons),
            endpoints=node.addresses or (node.address,),
            epoch=node.epoch,
            relay=self._own.uri if sealing_key else "",
            sealing_key=sealing_key,
        )


def work_of(capability: str, project: str, model: str, task: str) -> Work:
    """What was asked for; Invalid when that cannot be."""
    if capability not in get_args(Capability):
        known = list(get_args(Capability))
        raise Invalid(
            f"capability is {capability[:40]!r}; it must be one of {known}", field="capability"
        )
    for name, value in (("project", project), ("model", model), ("task", task)):
        if len(value) > 200:
            raise Invalid(f"{name} is longer than 200 characters", field=name)
    return Work(cast(Capability, capability), project, model, task)


def nobody(work: Work, looked_at: tuple[RankedNode, ...]) -> Unavailable:
    """Why there is no route: in the words of the node that would have it, where there is one."""
    for each in looked_at:
        if len(each.reasons) > 1:
            what = f"project {work.project}" if work.project else "what this laptop records"
            return Unavailable(
                f"{what} is at Dragon {each.node.id}: {each.reasons[-1]}",
                hint="Nothing else holds it. Start that Dragon, or see: postdevai nodes route",
                field=NO_ROUTE,
            )
    sentence = f"no node offers {work.capability} now"
    return Unavailable(sentence, hint="is the Dragon running?", field=NO_ROUTE)
