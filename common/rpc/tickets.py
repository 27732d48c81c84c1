"""Tickets: short-lived signed rights of one node to call one other, checked once and remembered."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from common.clock import Clock
from common.errors import Denied, Invalid
from common.rpc.certificates import identity_from_uri, public_from_pem

ALGORITHM = "ES256"
TICKET_S = 300
LEEWAY_MS = 30_000
"""Two machines' clocks may differ by so much."""
HONOURED_MS = 12 * 3_600_000
"""So long past its end a ticket counts while the Coordinator is away."""
REMEMBERED_MAX = 1024
CLAIMS = ["exp", "aud", "iss", "sub", "jti"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs tickets."""

    kid: str
    key: ec.EllipticCurvePrivateKey
    made_ms: int


@dataclass(frozen=True, slots=True)
class TicketKey:
    """The public half of one."""

    kid: str
    public_pem: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a checked ticket says."""

    kid: str
    caller: str
    expires_ms: int


def sign(signer: SigningKey, *, issuer: str, caller: str, target: str, now_ms: int) -> str:
    """A ticket for one caller at one target, good for 300 s; all three are spiffe URIs."""
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": caller,
        "aud": target,
        "exp": now_ms // 1000 + TICKET_S,
        "jti": uuid.uuid4().hex,
    }
    return jwt.encode(claims, signer.key, algorithm=ALGORITHM, headers={"kid": signer.kid})


class TicketCheck:
    """Decides whether a caller's ticket is good for this node.

    Any Coordinator of the mesh may have made it: they share the keys that sign tickets, and only
    they have them. `issuer` is the one that this node joined.
    """

    def __init__(
        self,
        *,
        target: str,
        issuer: str,
        clock: Clock,
        keys: Callable[[], Sequence[TicketKey]],
        away_since_ms: Callable[[], int | None],
    ) -> None:
        self._target = target
        self._mesh = identity_from_uri(issuer).mesh
        self._clock = clock
        self._keys = keys
        self._away_since_ms = away_since_ms
        self._checked: OrderedDict[str, Ticket] = OrderedDict()

    def check(self, token: str, caller: str) -> None:
        """Denied, with field `ticket`, unless the token lets this caller call this node now."""
        known = {key.kid: key.public_pem for key in self._keys()}
        ticket = self._checked.get(token) or self._verify(token, known)
        if ticket.caller != caller:
            raise _refused("the ticket was made for another node")
        if ticket.kid not in known:
            raise _refused("the ticket's key is no longer in use")
        if not self._in_time(ticket):
            raise _refused("the ticket has expired")

    def _verify(self, token: str, known: Mapping[str, str]) -> Ticket:
        if not token:
            raise _refused("the call carries no ticket")
        try:
            kid = str(jwt.get_unverified_header(token).get("kid", ""))
            if kid not in known:
                raise _refused("the ticket is signed by an unknown key")
            claims = jwt.decode(
                token,
                public_from_pem(known[kid].encode()),
                algorithms=[ALGORITHM],
                audience=self._target,
                # the end is checked against the clock at each call, not once
                options={"require": CLAIMS, "verify_exp": False},
            )
            issuer = identity_from_uri(str(claims["iss"]))
            if (issuer.mesh, issuer.role) != (self._mesh, "coordinator"):
                raise _refused("the ticket was not made by a Coordinator of this mesh")
            ticket = Ticket(kid, str(claims["sub"]), int(claims["exp"]) * 1000)
        except Invalid as error:
            raise _refused("the ticket does not say who made it") from error
        except jwt.InvalidAudienceError as error:
            raise _refused("the ticket is for another node") from error
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise _refused(f"the ticket is not good: {error}") from error
        self._checked[token] = ticket
        while len(self._checked) > REMEMBERED_MAX:
            self._checked.popitem(last=False)
        return ticket

    def _in_time(self, ticket: Ticket) -> bool:
        now_ms = self._clock.now_ms()
        if now_ms < ticket.expires_ms + LEEWAY_MS:
            return True
        away_ms = self._away_since_ms()
        if away_ms is None or away_ms > ticket.expires_ms:
            return False  # a new one could have been had
        return now_ms < ticket.expires_ms + HONOURED_MS


def _refused(why: str) -> Denied:
    return Denied(why, hint="resolve again for a new ticket", field="ticket")
