"""Letting nodes in: codes that are good once, and leaves that are renewed by the enrolled key."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from common.clock import Clock
from common.errors import Conflict, Denied, Invalid, OverLimit
from common.model.ids import NodeId
from common.model.node import Identity, Invitation, Role
from common.rpc.certificates import (
    node_id,
    public_from_pem,
    public_to_pem,
    requested_key,
    signed_renewal,
)
from common.rpc.guard import JOIN_ANEW
from common.rpc.join_code import new_code
from coordinator_node.engine.ports import Entry, Kv
from coordinator_node.gateway.audit_chain import Act
from coordinator_node.gateway.authority import LEAF_MS, Authority
from coordinator_node.gateway.grant import Grant, sealed
from coordinator_node.gateway.members import Member, Members
from coordinator_node.registry.coordinators import COORDINATORS_MAX

CODE_MS = 10 * 60_000
NONCE_MS = 60_000
NONCES_MAX = 1024
"""The oldest makes room: whoever lost it asks again."""
RENEWABLE_MS = 90 * 24 * 3_600_000
LEAVES_MAX = 24
"""For one node in an hour: each is a line of the audit log, which keeps so many bytes."""
HOUR_S = 3600.0
INVITED: tuple[Role, ...] = ("dragon", "developer", "tool")
CODES = "code/"


@dataclass(frozen=True, slots=True)
class Issued:
    """A leaf that was made."""

    leaf_pem: bytes
    identity: Identity
    sealed_grant: bytes = b""
    """For a Coordinator: the mesh's keys, sealed for the key that came with the code."""


Write = Callable[[Act], Awaitable[None]]


async def _unwritten(act: Act) -> None:
    return


def _no_grant() -> Grant:
    raise Conflict("this Coordinator makes no other one")


class Enrolment:
    """Codes, leaves and renewals."""

    def __init__(
        self,
        kv: Kv,
        members: Members,
        authority: Authority,
        clock: Clock,
        write: Write = _unwritten,
        grant: Callable[[], Grant] = _no_grant,
    ) -> None:
        """`write` keeps what is done; nothing is answered before it returns. `grant` gives what
        another Coordinator needs, or refuses."""
        self._write = write
        self._grant = grant
        self._kv = kv
        self._members = members
        self._authority = authority
        self._clock = clock
        self._nonces: OrderedDict[bytes, tuple[NodeId, int]] = OrderedDict()
        self._leaves: Counter[NodeId] = Counter()
        self._hour_s = clock.monotonic()

    async def invite(
        self,
        role: str,
        addresses: tuple[str, ...],
        *,
        admin: bool = False,
        by: str = "owner",
    ) -> Invitation:
        """A code for one node of that role, for ten minutes; only a hash of it is kept."""
        if role not in INVITED:
            at_home = "a Coordinator is invited on the machine of another: postdevai invite"
            raise Invalid(
                f"role is {role[:40]!r}; it must be one of {list(INVITED)}",
                hint=f"{at_home} coordinator" if role == "coordinator" else "",
                field="role",
            )
        return await self._invite(role, addresses, admin=admin, by=by)

    async def invite_coordinator(self, addresses: tuple[str, ...], *, by: str) -> Invitation:
        """A code for one more Coordinator, for ten minutes. Whoever holds it gets the mesh's
        keys: only the owner of this one's files asks for it, and no admin from afar.

        Conflict where no other machine could use the state.
        """
        await asyncio.to_thread(self._grant)
        await self._room_for_a_coordinator()
        return await self._invite("coordinator", addresses, admin=False, by=by)

    async def _invite(
        self, role: str, addresses: tuple[str, ...], *, admin: bool, by: str
    ) -> Invitation:
        code = new_code(self._authority.pin, addresses, for_coordinator=role == "coordinator")
        expires_ms = self._clock.now_ms() + CODE_MS
        kept = {
            "hash": _hash(code.secret),
            "role": role,
            "admin": admin,
            "expires_ms": expires_ms,
            "spent_by": "",
        }
        await self._kv.put(CODES + code.id, json.dumps(kept).encode(), expected=0)
        as_what = f"{role}, admin" if admin else role
        await self._write(Act(by, "invite", as_what, reason=f"with code {code.id}"))
        return Invitation(code.text, expires_ms)

    async def enrol(
        self,
        code_id: str,
        secret: str,
        csr_pem: str,
        sealing_key: bytes = b"",
        roles: tuple[str, ...] = (),
    ) -> Issued:
        """Spends a code: the role is the code's, the id the hash of the request's key. A code for
        none of the `roles`, where there are some, is refused and stays good.

        The same key may ask again with the same code, as its first answer may have been lost.
        A Coordinator's code comes with a sealing key, and no other does.
        """
        key = requested_key(csr_pem)
        entry = await self._kv.get(CODES + code_id)
        if entry is None:
            raise _no_code("is not known here")
        code = json.loads(entry.value)
        if not hmac.compare_digest(code["hash"], _hash(secret)):
            raise _no_code("is not known here")
        if self._clock.now_ms() >= code["expires_ms"]:
            raise _no_code("has expired")
        if roles and code["role"] not in roles:
            raise Invalid(f"this code is for a {code['role']}", field="roles")
        given = await self._given(str(code["role"]), sealing_key, code_id, secret, csr_pem)
        identity = Identity(self._authority.mesh, code["role"], node_id(key))
        if identity.role == "coordinator":
            await self._room_for_a_coordinator(identity.id)
        await self._spend(entry, code, identity.id)
        known = await self._members.get(identity.id)
        if known and (known.denied or known.role != identity.role):
            raise Denied("this key is not welcome", hint="join again with a new key")
        self._count_leaf(identity.id)
        admin = bool(code["admin"]) or bool(known and known.admin)
        await self._keep(
            Member(identity.id, identity.role, admin, (public_to_pem(key).decode(),), 0)
        )
        as_what = f"{identity.role}, admin" if admin else identity.role
        await self._write(
            Act(identity.uri, "enrol", identity.id, reason=f"as {as_what} with code {code_id}")
        )
        return Issued(self._authority.issue(identity, key), identity, given)

    def challenge(self, node: NodeId) -> bytes:
        """A nonce for one renewal within a minute; also for nodes that nobody knows."""
        nonce = secrets.token_bytes(32)
        self._nonces[nonce] = (node, self._clock.now_ms() + NONCE_MS)
        while len(self._nonces) > NONCES_MAX:
            self._nonces.popitem(last=False)
        return nonce

    async def renew(self, node: NodeId, nonce: bytes, csr_pem: str, signature: bytes) -> Issued:
        """A new leaf for a node that proves its enrolled key, until 90 days after its end."""
        named, ends_ms = self._nonces.pop(nonce, (NodeId(""), 0))
        now_ms = self._clock.now_ms()
        if named != node or now_ms >= ends_ms:
            raise Denied("the challenge is not known or has ended", hint="ask for another")
        key = requested_key(csr_pem)
        member = await self._members.get(node)
        if member is None or not _proves(member, signature, nonce, csr_pem):
            raise Denied("the renewal is not signed by the enrolled key of a known node")
        if member.denied:
            raise Denied(f"node {node} is no longer welcome", hint=JOIN_ANEW)
        if now_ms > member.leaf_ends_ms + RENEWABLE_MS:
            raise Denied(
                "the certificate ended more than 90 days ago", hint="join again with a new code"
            )
        self._count_leaf(node)
        pem = public_to_pem(key).decode()
        keys = (pem, *(known for known in member.keys if known != pem))[:2]
        await self._keep(replace(member, keys=keys))
        identity = Identity(self._authority.mesh, member.role, node)
        await self._write(Act(identity.uri, "renew", node))
        return Issued(self._authority.issue(identity, key), identity)

    def _count_leaf(self, node: NodeId) -> None:
        now_s = self._clock.monotonic()
        if now_s >= self._hour_s + HOUR_S:
            self._leaves.clear()
            self._hour_s = now_s
        if self._leaves[node] >= LEAVES_MAX:
            raise OverLimit(
                f"node {node} had {LEAVES_MAX} certificates within an hour",
                hint="one is good for a day: look at its log for why it asks again and again",
            )
        self._leaves[node] += 1

    async def _room_for_a_coordinator(self, one: str = "") -> None:
        """Conflict where there are as many as are listened to; `one` may be among them."""
        await self._members.refresh()
        there = [
            each.id
            for each in self._members.told()
            if each.role == "coordinator" and not each.put_out and each.id != one
        ]
        if len(there) >= COORDINATORS_MAX:
            raise Conflict(
                f"this mesh has {len(there)} Coordinators, and {COORDINATORS_MAX} are the most",
                hint="first one of them leaves: postdevai leave coordinator on its machine; one "
                "that is lost: coordinator-node revoke ID",
            )

    async def _given(
        self, role: str, sealing_key: bytes, code: str, secret: str, csr_pem: str
    ) -> bytes:
        """What the role brings beside a leaf. A refusal leaves the code as it is."""
        if (role == "coordinator") != bool(sealing_key):
            raise Invalid(
                f"this code is for a {role}",
                hint="copy the whole line that `postdevai invite` printed",
                field="code",
            )
        if not sealing_key:
            return b""
        grant = await asyncio.to_thread(self._grant)
        return sealed(grant, sealing_key, code, secret, csr_pem)

    async def _spend(self, entry: Entry, code: dict[str, object], node: NodeId) -> None:
        if code["spent_by"] == node:
            return
        if code["spent_by"]:
            raise _no_code("was used already")
        spent = json.dumps({**code, "spent_by": node}).encode()
        try:
            await self._kv.put(entry.key, spent, expected=entry.revision)
        except Conflict:
            raise _no_code("was used already") from None

    async def _keep(self, member: Member) -> None:
        ends_ms = self._clock.now_ms() + LEAF_MS
        await self._members.keep(replace(member, leaf_ends_ms=ends_ms))


def _proves(member: Member, signature: bytes, nonce: bytes, csr_pem: str) -> bool:
    keys = (public_from_pem(pem.encode()) for pem in member.keys)
    return any(signed_renewal(key, signature, nonce, csr_pem) for key in keys)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _no_code(why: str) -> Denied:
    return Denied(f"this code {why}", hint="ask for a new one with `postdevai invite`")
