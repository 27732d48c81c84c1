"""What the owner does at the Coordinator's machine when something is lost, and to look back."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

from common.clock import SystemClock
from common.daemon.home import Home
from common.daemon.locks import only_instance
from common.errors import Conflict
from coordinator_node.gateway.acts import OWNER, Recovered
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.members import Member
from coordinator_node.gateway.own_identity import OwnIdentity
from coordinator_node.gateway.rekey import rekey
from coordinator_node.local import enrolment_addresses
from coordinator_node.node import open_gateway
from coordinator_node.opening import open_engine
from coordinator_node.registry.leads import PREFIX as LEADS
from coordinator_node.registry.seen import PREFIX as SEEN
from coordinator_node.relay.statements import PREFIX as STATEMENTS
from coordinator_node.routing.places import PIN, PLACED

OF_IDS = (SEEN, PIN, PLACED, LEADS, STATEMENTS)
"""What goes by ids of nodes, which are others once the mesh has new keys."""


def run(home: Home, options: argparse.Namespace) -> int:
    """One of them; its exit code."""
    match options.command:
        case "revoke":
            member = asyncio.run(_revoke(home, options.id))
            print(f"{member.id}, a {member.role}, is no longer welcome", file=sys.stderr)
        case "recover":
            recovered = asyncio.run(_recover(home, options.id))
            lost = recovered.lost
            said = {"id": lost.id, "role": lost.role, **asdict(recovered.code)}
            print(json.dumps(said))
        case "rekey":
            print(json.dumps({"mesh": asyncio.run(_rekey(home))}))
        case _:
            asyncio.run(_audit(home, options.since_ms, verify=options.verify))
    return 0


async def _revoke(home: Home, named: str) -> Member:
    async with open_gateway(home, SystemClock()) as (gateway, _):
        return await gateway.acts.revoke(OWNER, named)


async def _recover(home: Home, named: str) -> Recovered:
    async with open_gateway(home, SystemClock()) as (gateway, _):
        return await gateway.acts.recover(OWNER, named, enrolment_addresses(home))


async def _rekey(home: Home) -> str:
    directory, clock = home.directory("coordinator"), SystemClock()
    with only_instance(home.lock_path("coordinator"), "coordinator"):
        old = await asyncio.to_thread(Authority.make, directory / "authority", clock)
        async with open_engine(directory, old, clock) as engine:
            if engine.name != "sqlite":  # its members know each other by the old CA
                raise Conflict(
                    f"the mesh's state is in {engine.name}",
                    hint="move it here first: postdevai mesh migrate --to sqlite",
                )
            identity = home.identity_directory("coordinator")
            authority = await rekey(directory, identity, engine.kv, clock, of_ids=OF_IDS)
        await asyncio.to_thread(OwnIdentity, home.identity_directory("coordinator"), authority)
    return authority.mesh


async def _audit(home: Home, since_ms: int, *, verify: bool) -> None:
    async with open_gateway(home, SystemClock()) as (gateway, _):
        if verify:
            print(json.dumps(asdict(await gateway.audit.check())))
            return
        for line in await gateway.audit.lines(since_ms):
            print(json.dumps(asdict(line)))
