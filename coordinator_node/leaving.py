"""One of several Coordinators leaves: what all of them share stays with the others."""

from __future__ import annotations

import asyncio
import time

from common.clock import Clock
from common.daemon.elsewhere import went
from common.daemon.home import Home
from common.daemon.locks import only_instance
from common.errors import Conflict
from common.model.ids import NodeId
from coordinator_node.engine.settings import NatsSettings, read_settings
from coordinator_node.gateway.acts import OWNER
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.members import Members
from coordinator_node.gateway.own_identity import OwnIdentity
from coordinator_node.opening import MOVED, open_settings, shared
from coordinator_node.registry.coordinators import PREFIX, there_now


async def leave(home: Home, clock: Clock) -> str:
    """Puts HOME/coordinator aside; a sentence. It must not run.

    Conflict where the mesh would be without a Coordinator, or the state goes with this machine.
    """
    directory = home.directory("coordinator")
    with only_instance(home.lock_path("coordinator"), "coordinator"):
        settings = read_settings(directory)
        if settings.engine != "nats" or settings.nats is None:
            raise Conflict(
                "the state is in a file of this machine and goes with its Coordinator",
                hint="Type: postdevai leave coordinator --to FILE --key-to FILE",
            )
        nats = settings.nats
        if nats.own is not None and nats.replicas == 1:
            raise Conflict(
                f"the engine's only server, {nats.own.name}, is this machine's",
                hint="move the state to several servers first: docs/engine.md",
            )
        authority = await asyncio.to_thread(Authority.open, directory / "authority", clock)
        own = await asyncio.to_thread(OwnIdentity.id_in, home.identity_directory("coordinator"))
        with shared(directory):
            async with open_settings(settings, directory, authority, clock) as engine:
                if await engine.kv.get(MOVED) is None:  # else the others have left already
                    others = [
                        each.identity
                        for each in await there_now(engine.kv)
                        if not each.identity.endswith(f"/{own}")
                    ]
                    if not others:
                        raise Conflict("no other Coordinator is there: the mesh would have none")
                    members = Members(engine.kv)
                    if await members.get(NodeId(own)) is not None:
                        await members.leave(NodeId(own))
                    act = Act(OWNER, "revoke", own, reason="a coordinator that left its machine")
                    await Audit(directory, engine.kv, clock).append(act)
                    await engine.kv.remove(PREFIX + own)
        aside = home.root / f"coordinator-moved-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
        went(home, ("coordinator",))
        directory.rename(aside)
    return f"The Coordinator here is put aside in {aside.name}. {_server(nats)}".strip()


def _server(nats: NatsSettings) -> str:
    """What is missing now."""
    if nats.own is None:
        return ""
    return (
        f"The engine has a server less, {nats.own.name}: start one of that name at "
        f"{nats.own.host}:{nats.own.port} again, and the others fill it."
    )
