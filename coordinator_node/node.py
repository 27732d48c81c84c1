"""The Coordinator's composition root: every part, opened in order, closed in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version

from common.alongside import alongside
from common.clients.discovery import announce
from common.clock import Clock, SystemClock
from common.daemon.addresses import machine_name
from common.daemon.home import Home
from common.daemon.lifecycle import Running
from common.daemon.load import OwnLoad
from common.daemon.ports import Ports
from common.errors import Conflict, PostDevAIError, Unavailable
from common.model.node import Identity, Node
from common.rpc.channel import Channels
from common.rpc.guard import Guard
from common.rpc.limits import AT_COORDINATOR, Limits
from common.rpc.reaching import Reaching
from coordinator_node.config import Config
from coordinator_node.engine.ports import Engine
from coordinator_node.gateway.acts import Acts
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.denials import Denials
from coordinator_node.gateway.enrolment import Enrolment
from coordinator_node.gateway.grant import grant_of
from coordinator_node.gateway.members import Members
from coordinator_node.gateway.own_identity import OwnIdentity
from coordinator_node.gateway.own_rules import OwnRules
from coordinator_node.gateway.ticket_keys import TicketKeys
from coordinator_node.listening import Listening
from coordinator_node.opening import open_engine
from coordinator_node.registry.coordinators import TERM_S, Coordinators
from coordinator_node.registry.leads import Leads
from coordinator_node.registry.registry import Registry
from coordinator_node.registry.roster import NODES_MAX, Roster
from coordinator_node.registry.seen import Seen
from coordinator_node.relay.statements import Statements
from coordinator_node.routing.places import Places
from coordinator_node.routing.resolve import Router
from coordinator_node.service_authority import AuthorityService
from coordinator_node.service_lead import LeadService
from coordinator_node.service_registry import RegistryService
from coordinator_node.service_relay import RelayService
from coordinator_node.service_routes import Routes
from coordinator_node.service_sealing import SealingService
from coordinator_node.service_sync import SyncService
from coordinator_node.service_tasks import TaskService
from coordinator_node.sync.documents import Documents
from coordinator_node.sync.sessions import Sessions
from coordinator_node.tasks.backlog import Backlog

log = logging.getLogger(__name__)

REFRESH_S = 1.0
"""How soon a revocation by the owner is heard."""
PUT_OUT = "this Coordinator is no longer welcome in its mesh: another one has put it out"
"""What it answers whoever asks, so that they ask another."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """What decides who may come in."""

    authority: Authority
    members: Members
    keys: TicketKeys
    enrolment: Enrolment
    engine: Engine
    places: Places
    statements: Statements
    acts: Acts
    audit: Audit
    rules: OwnRules

    async def keep_fresh(self) -> None:
        """Looks for changes that the owner made from another process, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.members.refresh()
                await self.keys.refresh()
                await self.statements.refresh()
                await self.rules.refresh()
            except PostDevAIError as error:  # an engine in an election is back in seconds
                log.warning("members and keys were not looked at: %s", error.message)


@asynccontextmanager
async def open_gateway(
    home: Home, clock: Clock, *, serves: bool = False
) -> AsyncGenerator[tuple[Gateway, Registry]]:
    """The state of a Coordinator without its servers; also used by the owner's short commands."""
    directory = home.directory("coordinator")
    authority = await asyncio.to_thread(Authority.open, directory / "authority", clock)
    own_id = await asyncio.to_thread(OwnIdentity.id_in, home.identity_directory("coordinator"))
    async with open_engine(directory, authority, clock, serves=serves) as engine:
        kv = engine.kv
        members, keys = Members(kv), TicketKeys(kv, clock)
        await members.refresh()
        await keys.refresh()
        coordinators = Coordinators(kv, TERM_S.get(engine.name, TERM_S["sqlite"]), members.denied)
        roster = Roster(clock, coordinators.is_there)
        registry = Registry(roster, Seen(kv), engine.leases, coordinators)
        await registry.recall()
        audit = Audit(directory, kv, clock)
        enrolment = Enrolment(
            kv, members, authority, clock, audit.append, lambda: grant_of(directory)
        )
        statements = Statements(kv)
        await statements.refresh()
        yield (
            Gateway(
                authority,
                members,
                keys,
                enrolment,
                engine,
                Places(kv, members.denied),
                statements,
                Acts(members, enrolment, keys, audit, own_id),
                audit,
                OwnRules(directory, audit),
            ),
            registry,
        )


@asynccontextmanager
async def open_node(config: Config, clock: Clock | None = None) -> AsyncGenerator[Running]:
    """A Coordinator that serves."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        gateway, registry = await stack.enter_async_context(
            open_gateway(config.home, clock, serves=True)
        )
        own = await asyncio.to_thread(_own, config.home, gateway.authority)
        await gateway.members.know(own.identity, own.public_pem, own.credential.not_after_ms)
        put_out = partial(_put_out, own.identity, gateway.members)
        if why := put_out():
            raise Conflict(why, hint="on this machine: postdevai leave coordinator")
        router = Router(
            own=own.identity,
            nodes=registry.nodes,
            signer=gateway.keys.signer,
            clock=clock,
            places=gateway.places,
            version=version("postdevai"),
            sealing_key=gateway.statements.of,
        )
        await gateway.rules.open()
        denials = Denials(gateway.audit, clock)
        guard = Guard(
            mesh=own.identity.mesh,
            denied=gateway.members.denied,
            more_rights=gateway.members.rights,
            rules=gateway.rules.now,
            limits=Limits(clock, AT_COORDINATOR),
            refused=denials.note,
            clock=clock,
            stands_back=put_out,
        )
        listen = Listening(config, Ports.of(config.home))
        authority_service = AuthorityService(
            gateway.acts, gateway.audit, lambda: listen.enrolment_addresses
        )
        registry_service = RegistryService(
            registry,
            Routes(router, gateway.places),
            gateway.keys.public,
            gateway.members.denied,
            registry.coordinators.all,
            clock,
            gateway.rules.files,
            gateway.members.told,
        )

        backlog = await Backlog.open(gateway.engine, clock)
        task_service = TaskService(backlog, gateway.members)
        sync = SyncService(Documents(gateway.engine, clock), Sessions(gateway.engine, clock), clock)
        channels = Channels(own, clock, NODES_MAX)
        stack.push_async_callback(channels.close)
        relay = RelayService(own.identity, registry.live, Reaching(channels), guard, clock)
        sealing = SealingService(
            own.identity.mesh, registry.live, registry.sealing_key, gateway.statements
        )
        services = (
            registry_service.add_to,
            authority_service.add_to,
            relay.add_to,
            sealing.add_to,
            task_service.add_to,
            sync.add_to,
            LeadService(Leads(gateway.engine.kv, registry.live)).add_to,
        )
        await listen.open_main(stack, own, lambda server: [add(server) for add in services], guard)
        at_enrolment = Guard(mesh=own.identity.mesh, refused=denials.note, stands_back=put_out)
        await listen.open_enrolment(stack, own, gateway.enrolment, gateway.authority, at_enrolment)
        await registry.coordinators.serve(lambda: listen.now(own.identity.uri))
        stack.push_async_callback(registry.coordinators.leave)
        process = uuid.uuid4().hex
        epoch = await registry.register(_seat(own, listen.addresses), process)
        await stack.enter_async_context(
            alongside(
                gateway.keep_fresh(),
                denials.keep(),
                own.keep_renewed(),
                _keep_seat(registry, own, listen, process, epoch),
                registry.coordinators.keep(),
                announce(own.identity.mesh, own.identity.id, lambda: listen.addresses),
                registry.share(),
                backlog.keep(),
            )
        )
        yield Running(
            listen.address,
            {
                "identity": own.identity.uri,
                "enrolment_address": listen.enrolment_addresses[0],
                "enrolment_addresses": ",".join(listen.enrolment_addresses),
            },
        )


def _own(home: Home, authority: Authority) -> OwnIdentity:
    return OwnIdentity(home.identity_directory("coordinator"), authority)


def _put_out(own: Identity, members: Members) -> str:
    return PUT_OUT if own.id in members.denied() else ""


@cache
def _version() -> str:
    """Of this process; reading it from disk takes 2 ms, and a seat is looked at each second."""
    return version("postdevai")


def _seat(own: OwnIdentity, addresses: tuple[str, ...]) -> Node:
    """The Coordinator is a node among the nodes."""
    return Node(
        own.identity.role,
        own.identity.id,
        addresses[0],
        "serving",
        0.0,
        _version(),
        os.getpid(),
        addresses=addresses,
        certificate_ends_ms=own.credential.not_after_ms,
        machine=machine_name(),
    )


async def _keep_seat(
    registry: Registry, own: OwnIdentity, listen: Listening, process: str, epoch: int
) -> None:
    """Keeps its lease; takes a seat anew when its addresses or its certificate have changed."""
    load, said = OwnLoad(), _seat(own, listen.addresses)
    while True:
        await asyncio.sleep(REFRESH_S)
        registry.renew(own.identity, epoch, "serving", load(), process=process)
        now = _seat(own, listen.addresses)
        if now != said:
            try:
                epoch = await registry.register(now, process)
                said = now
            except Unavailable as error:
                log.warning("the Coordinator's own seat is as it was: %s", error.message)
