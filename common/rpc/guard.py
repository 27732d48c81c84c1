"""What is asked of each call before a service sees it: term, denials, policy, ticket."""

from __future__ import annotations

from collections.abc import Callable

from common.clock import Clock, SystemClock
from common.errors import Denied, Unavailable
from common.model.ids import NodeId
from common.model.node import Identity
from common.rpc import policy
from common.rpc.certificates import Leaf
from common.rpc.policy import Right
from common.rpc.tickets import TicketCheck


def _nobody() -> frozenset[NodeId]:
    return frozenset()


def _acts() -> str:
    return ""


def _none(identity: Identity) -> frozenset[Right]:
    return frozenset()


class Guard:
    """The decision on a call; every server asks it, on every call and every streamed message."""

    def __init__(
        self,
        *,
        mesh: str,
        tickets: TicketCheck | None = None,
        denied: Callable[[], frozenset[NodeId]] = _nobody,
        more_rights: Callable[[Identity], frozenset[Right]] = _none,
        clock: Clock | None = None,
        stands_back: Callable[[], str] = _acts,
    ) -> None:
        """`stands_back`: why this node answers nobody now; empty while it acts."""
        self._stands_back = stands_back
        self._mesh = mesh
        self._tickets = tickets
        self._denied = denied
        self._more_rights = more_rights
        self._clock = clock or SystemClock()

    def admit(self, method: str, leaf: Leaf | None, ticket: str) -> None:
        """Denied, and why, unless the call may go on."""
        if why := self._stands_back():
            raise Unavailable(why)
        if leaf is None:
            policy.check(method, frozenset(("anyone",)))
            return
        self.still_welcome(leaf)
        caller = leaf.identity
        policy.check(method, frozenset((caller.role,)) | self._more_rights(caller))
        if self._tickets and not method.startswith(policy.WITHOUT_TICKET):
            self._tickets.check(ticket, caller.uri)

    def still_welcome(self, leaf: Leaf | None) -> None:
        """Denied once its certificate has ended or it is denied: a connection outlives both."""
        if why := self._stands_back():
            raise Unavailable(why)
        if leaf is None:
            return
        if leaf.identity.mesh != self._mesh:
            raise Denied("the certificate is of another mesh")
        if self._clock.now_ms() >= leaf.not_after_ms:
            raise Denied("the caller's certificate has expired", hint="connect again after renewal")
        if leaf.identity.id in self._denied():
            raise Denied(f"node {leaf.identity.id} is no longer welcome")
