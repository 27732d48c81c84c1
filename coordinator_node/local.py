"""What the owner of the Coordinator's files may do with them, whether or not it runs."""

from __future__ import annotations

import asyncio

from common.clock import SystemClock
from common.daemon.addresses import is_loopback, reachable_at
from common.daemon.home import Home
from common.daemon.listening import LOOPBACK, listens_at
from common.daemon.ports import Ports
from common.errors import Conflict
from common.model.node import Invitation
from coordinator_node.engine.settings import read_settings
from coordinator_node.gateway.acts import OWNER
from coordinator_node.gateway.audit_chain import Act
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.grant import nats_of
from coordinator_node.gateway.own_identity import OwnIdentity
from coordinator_node.node import open_gateway


async def found(home: Home, roles: tuple[str, ...]) -> list[str]:
    """Makes the CA, the Coordinator's key and the ticket keys where they are missing.

    Gives a line for each code that is asked for. A developer's code is an admin's as long as
    the mesh has none: the first laptop is its owner's.
    """
    directory = home.directory("coordinator")
    is_new = not (directory / "authority" / "ca.pem").exists()
    authority = await asyncio.to_thread(Authority.make, directory / "authority", SystemClock())
    await asyncio.to_thread(OwnIdentity, home.identity_directory("coordinator"), authority)
    lines: list[str] = []
    if not is_new and not roles:
        return lines  # whoever starts it asks the engine soon enough
    async with open_gateway(home, SystemClock()) as (gateway, _):
        if is_new:
            await gateway.audit.append(Act(OWNER, "found", authority.mesh))
        has_admin = gateway.members.has_admin()
        for role in roles:
            admin = role == "developer" and not has_admin
            has_admin = has_admin or admin
            given = await gateway.enrolment.invite(role, enrolment_addresses(home), admin=admin)
            lines.append(f"{role} {given.code}")
    return lines


async def invite(home: Home, role: str, *, admin: bool) -> Invitation:
    """A code for one new node."""
    addresses = enrolment_addresses(home)
    if role == "coordinator":
        settings = await asyncio.to_thread(read_settings, home.directory("coordinator"))
        _reachable(nats_of(settings).servers, addresses)
    async with open_gateway(home, SystemClock()) as (gateway, _):
        if role == "coordinator":
            return await gateway.enrolment.invite_coordinator(addresses, by=OWNER)
        return await gateway.enrolment.invite(role, addresses, admin=admin)


def _reachable(servers: tuple[str, ...], addresses: tuple[str, ...]) -> None:
    """Conflict where another machine could reach this Coordinator, and not the engine."""
    here = [url for url in servers if is_loopback(url.rpartition("//")[2])]
    if here and not all(is_loopback(each) for each in addresses):
        raise Conflict(
            f"the engine's server {here[0]} listens for this machine alone",
            hint="move the state to servers that other machines reach: docs/engine.md",
        )


def enrolment_addresses(home: Home) -> tuple[str, ...]:
    """Where the enrolment port is, or will be when the Coordinator starts."""
    ready = home.ready("coordinator")
    if ready is not None:
        return tuple(ready.extra["enrolment_addresses"].split(","))
    return reachable_at(listens_at(home), Ports.of(home).reserve("enrolment", LOOPBACK))
