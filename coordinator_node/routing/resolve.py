"""Routes to a capability: ranked nodes, each with a ticket for this caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast, get_args

from common.clock import Clock
from common.errors import Invalid, Unavailable
from common.model.node import Capability, Identity, Node, Route
from common.rpc.tickets import TICKET_S, SigningKey, sign
from coordinator_node.routing.least_loaded import rank


class Router:
    """Answers Resolve."""

    def __init__(
        self,
        *,
        own: Identity,
        live: Callable[[], tuple[Node, ...]],
        signer: Callable[[], SigningKey],
        clock: Clock,
    ) -> None:
        self._own = own
        self._live = live
        self._signer = signer
        self._clock = clock

    def resolve(self, caller: Identity, capability: str) -> tuple[Route, ...]:
        """Best first; Unavailable when nobody offers it now."""
        if capability not in get_args(Capability):
            known = list(get_args(Capability))
            raise Invalid(
                f"capability is {capability[:40]!r}; it must be one of {known}", field="capability"
            )
        ranked = rank(cast(Capability, capability), self._live())
        if not ranked:
            raise Unavailable(f"no node offers {capability} now", hint="is the Dragon running?")
        return tuple(self._route(caller, node, reason) for node, reason in ranked)

    def _route(self, caller: Identity, node: Node, reason: str) -> Route:
        target = Identity(self._own.mesh, node.role, node.id).uri
        now_ms = self._clock.now_ms()
        ticket = sign(
            self._signer(), issuer=self._own.uri, caller=caller.uri, target=target, now_ms=now_ms
        )
        return Route(node.address, target, ticket, now_ms + TICKET_S * 1000, reason)
