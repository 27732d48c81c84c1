"""What admins and the owner decide; each act is written down before it is answered."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import Conflict
from common.model.node import Identity, Invitation
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act
from coordinator_node.gateway.enrolment import Enrolment
from coordinator_node.gateway.members import Member, Members
from coordinator_node.gateway.ticket_keys import TicketKeys

OWNER = "owner"
"""Whoever holds the Coordinator's files."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came of a lost laptop."""

    lost: Member
    code: Invitation
    """For the laptop that takes its place."""


class Acts:
    """Of one Coordinator."""

    def __init__(
        self,
        members: Members,
        enrolment: Enrolment,
        keys: TicketKeys,
        audit: Audit,
        own_id: str = "",
    ) -> None:
        """`own_id`: of this Coordinator."""
        self._members = members
        self._enrolment = enrolment
        self._keys = keys
        self._audit = audit
        self._own_id = own_id

    async def invite(
        self, by: str, role: str, addresses: tuple[str, ...], *, admin: bool = False
    ) -> Invitation:
        """A code for one new node."""
        return await self._enrolment.invite(role, addresses, admin=admin, by=by)

    async def revoke(self, by: str, named: str) -> Member:
        """Makes a node unwelcome for good; `named` is its id, or the beginning of it.

        Conflict where it is this Coordinator: who is put out decides nothing any more.
        """
        member = await self._members.find(named)
        if member.id == self._own_id:
            raise Conflict(
                f"{member.id} is the Coordinator that you ask, and none puts itself out",
                hint=f"Where there is another, type on its machine: coordinator-node revoke "
                f"{member.id}. Else: docs/security.md, When something is lost",
            )
        await self._members.deny(member.id)
        await self._audit.append(Act(by, "revoke", member.id, reason=f"a {member.role}"))
        return member

    async def leave(self, who: Identity) -> None:
        """Whoever says that it leaves is out for good. Conflict where it is a Coordinator."""
        if who.role == "coordinator":
            raise Conflict(f"{who.id} is a Coordinator, which leaves by its own command")
        await self._members.leave(who.id)
        await self._audit.append(Act(who.uri, "revoke", who.id, reason=f"a {who.role} that left"))

    async def recover(self, by: str, named: str, addresses: tuple[str, ...]) -> Recovered:
        """For a laptop that is lost: it is put out, no ticket of before is good any more, and
        another may join with the rights that it had."""
        if (await self._members.find(named)).role == "coordinator":
            raise Conflict(
                "a Coordinator holds the mesh's keys: whoever has them lets anybody in",
                hint="begin anew with other keys: docs/security.md, When something is lost",
            )
        lost = await self.revoke(by, named)
        await self.replace_ticket_keys(by)
        code = await self.invite(by, lost.role, addresses, admin=lost.admin)
        await self._audit.append(Act(by, "recover", lost.id, reason="its place was given anew"))
        return Recovered(lost, code)

    async def replace_ticket_keys(self, by: str) -> None:
        """Every ticket that was signed before is refused as soon as nodes hear of the new key."""
        kid = await self._keys.replace()
        await self._audit.append(Act(by, "ticket-keys", kid, reason="all of them were replaced"))
