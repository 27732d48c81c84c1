"""What is asked of each call before a service sees it: term, denials, limits, policy, ticket."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

from common.clock import Clock, SystemClock
from common.errors import Denied, OverLimit, PostDevAIError, Unavailable
from common.model.ids import NodeId
from common.model.node import Identity, Role
from common.rpc import policy
from common.rpc.certificates import Leaf
from common.rpc.held import FLOODS
from common.rpc.limits import Limits
from common.rpc.policy import Right
from common.rpc.rules import Rules
from common.rpc.tickets import TicketCheck

Refused = Callable[[str, Leaf | None, str, PostDevAIError], None]
"""Told of each refusal: the method, the caller or none, its address, and why."""


def _nobody() -> frozenset[NodeId]:
    return frozenset()


def _acts() -> str:
    return ""


def _none(identity: Identity) -> frozenset[Right]:
    return frozenset()


def _untold(method: str, leaf: Leaf | None, peer: str, error: PostDevAIError) -> None:
    return


PUT_OUT = "put-out"
"""The field of the refusal of a node that its owner put out for good."""
JOIN_ANEW = (
    "If that was a mistake, on its machine: postdevai down, then postdevai recover --leave, then "
    "postdevai join CODE, with a code of its owner"
)


class Guard:
    """The decision on a call; every server asks it, on every call and every streamed message."""

    def __init__(
        self,
        *,
        mesh: str,
        tickets: TicketCheck | None = None,
        denied: Callable[[], frozenset[NodeId]] = _nobody,
        more_rights: Callable[[Identity], frozenset[Right]] = _none,
        rules: Callable[[], Rules] = policy.shipped,
        limits: Limits | None = None,
        refused: Refused = _untold,
        clock: Clock | None = None,
        stands_back: Callable[[], str] = _acts,
    ) -> None:
        """`stands_back`: why this node answers nobody now; empty while it acts."""
        self._mesh = mesh
        self._tickets = tickets
        self._denied = denied
        self._more_rights = more_rights
        self._rules = rules
        self._clock = clock or SystemClock()
        self._stands_back = stands_back
        self._limits = limits or Limits(self._clock)
        self.refused = refused

    def admit(
        self, method: str, leaf: Leaf | None, ticket: str, peer: str = "", size: int = 0
    ) -> None:
        """Denied or OverLimit, and why, unless the call may go on.

        `peer` is the caller's address, `size` what it sent, bytes.
        """
        if why := self._stands_back():
            raise Unavailable(why)
        if leaf is None:
            if not self._limits.take(peer, "anyone", size):
                raise _too_much(peer or "this caller", self._limits.said("anyone"))
            policy.check(method, _ANYONE, rules=self._rules())
            return
        self.still_welcome(leaf)
        caller = leaf.identity
        if not self._limits.take(caller.id, caller.role, size):
            raise _too_much(f"node {caller.id}", self._limits.said(caller.role))
        policy.check(method, self._rights(caller), who=caller.id, rules=self._rules())
        if self._tickets and not method.startswith(policy.WITHOUT_TICKET):
            self._tickets.check(ticket, caller.uri)

    def owed_s(self, leaf: Leaf | None, peer: str, size: int) -> float:
        """How long a stream waits after one more message, so that its caller keeps its limits."""
        if leaf is None:
            return self._limits.owe(peer, "anyone", size)
        return self._limits.owe(leaf.identity.id, leaf.identity.role, size)

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
            raise Denied(
                f"node {leaf.identity.id} is no longer welcome", hint=JOIN_ANEW, field=PUT_OUT
            )

    def _rights(self, caller: Identity) -> frozenset[Right]:
        more = self._more_rights(caller)
        return _OF_ROLE[caller.role] | more if more else _OF_ROLE[caller.role]


_ANYONE: frozenset[Right] = frozenset(("anyone",))
_OF_ROLE: dict[Role, frozenset[Right]] = {role: frozenset((role,)) for role in get_args(Role)}


def _too_much(who: str, allowed: str) -> OverLimit:
    return OverLimit(
        f"{who} sends more than {allowed}", hint="send less, or wait a second", field=FLOODS
    )
