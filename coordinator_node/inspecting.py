"""What can be said of the engine: which it is, what it holds, who its servers are."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.clock import Clock
from common.daemon.home import Home
from common.errors import Conflict, PostDevAIError
from common.model.node import id_in
from coordinator_node.engine.moving import Movable
from coordinator_node.engine.nats_server import SEE_ENGINE, ServerSettings, answers
from coordinator_node.engine.settings import EngineSettings, NatsSettings, read_settings
from coordinator_node.gateway.authority import Authority
from coordinator_node.opening import not_moved, open_settings, shared
from coordinator_node.registry.coordinators import there_now

ASKED = "asked"
"""A key that is written to see whether most of the servers agree; it ends after a second."""
STATES = ("waiting", "claimed", "dead", "done")


async def inspect(home: Home, clock: Clock) -> dict[str, Any]:
    """For `coordinator-node engine`; what could not be asked is None, and `error` says why."""
    directory = home.directory("coordinator")
    authority = await asyncio.to_thread(Authority.open, directory / "authority", clock)
    settings = await asyncio.to_thread(read_settings, directory)
    said: dict[str, Any] = {
        "engine": settings.engine,
        "settings": str(directory / "engine.toml"),
    }
    said |= await asyncio.to_thread(_place, directory, settings)
    said |= {"holds": None, "coordinators": None, "copies": None, "leader": None, "quorum": None}
    said |= {"error": None, "hint": None}
    try:
        with shared(directory):
            async with open_settings(settings, directory, authority, clock) as engine:
                said["holds"] = await _holds(engine.moving)
                said["coordinators"] = [
                    {"id": id_in(each.identity), "address": each.addresses[0]}
                    for each in await there_now(engine.kv)
                ]
                if settings.engine == "nats" and settings.nats is not None:
                    cluster = await engine.moving.cluster()
                    said |= await _members(settings.nats, cluster)
                    # What is read may be old for some seconds; what is written is agreed on.
                    await engine.kv.put(ASKED, b"", term_s=1)
                await not_moved(engine.kv)
    except PostDevAIError as error:
        said |= {"error": error.message, "hint": error.hint}
        if settings.engine == "nats" and settings.nats is not None:
            said |= {} if isinstance(error, Conflict) else await _members(settings.nats, {})
            if error.hint == SEE_ENGINE:
                said["hint"] = whose(
                    settings.nats,
                    [each["address"] for each in said["members"] if not each["answers"]],
                    directory,
                )
    return said


async def _holds(engine: Movable) -> dict[str, Any]:
    logs = await engine.logs()
    states = Counter(row.queued.state for row in await engine.jobs())
    return {
        "keys": len(await engine.keys()),
        "leases": len(await engine.leases()),
        "logs": len(logs),
        "lines": sum(row.last - row.first + 1 for row in logs),
        "jobs": {state: states.get(state, 0) for state in STATES},
    }


def _place(directory: Path, settings: EngineSettings) -> dict[str, Any]:
    if settings.engine == "nats" and settings.nats is not None:
        return {"file": None, "bytes": None, "space": settings.nats.space, "members": []}
    path = directory / settings.file
    size = path.stat().st_size if path.exists() else 0
    return {"file": str(path), "bytes": size, "space": None, "members": []}


def whose(nats: NatsSettings, silent: Sequence[str], directory: Path) -> str:
    """What is to be done about servers that do not answer: whose they are decides it."""
    own = nats.own
    others = [each for each in silent if own is None or not _is(each, own)]
    steps: list[str] = []
    if own is not None and len(others) < len(silent):
        steps.append(
            f"{own.host}:{own.port} is the own server of the Coordinator here, which starts it "
            "again when it has hung for half a minute; where it stays silent type `postdevai "
            f"down`, then `postdevai up`, and see {directory / 'engine' / 'nats.log'}"
        )
    if others:
        steps.append(
            f"start {', '.join(others)} on its machine: `postdevai up` where a Coordinator has it, "
            "else `nats-server -c` (docs/engine.md)"
        )
    return "; ".join(steps) or "look again in a minute: each server answers, and they do not agree"


def _is(address: str, own: ServerSettings) -> bool:
    host, _, port = address.rpartition(":")
    return int(port) == own.port and host.strip("[]") in (own.host, "localhost", "127.0.0.1", "::1")


async def _members(nats: NatsSettings, cluster: dict[str, bool]) -> dict[str, Any]:
    """Each server: whether it answers here, and what the leader says of the others."""

    async def look(url: str) -> dict[str, Any]:
        host, _, port = url.rpartition("//")[2].rpartition(":")
        there = await asyncio.to_thread(answers, host.strip("[]"), int(port))
        return {"address": f"{host}:{port}", "answers": there}

    members = await asyncio.gather(*(look(url) for url in nats.servers))
    leader = next((name for name, leads in cluster.items() if leads), None)
    return {
        "members": list(members),
        "copies": {"wanted": nats.replicas, "current": len(cluster) or None},
        "leader": leader,
        "quorum": len(cluster) > nats.replicas // 2 if cluster else False,
    }


def told(said: dict[str, Any]) -> list[str]:
    """The lines for a person."""
    lines = [f"engine   {said['engine']}"]
    if said["file"]:
        lines.append(f"file     {said['file']} ({said['bytes']} bytes)")
    if holds := said["holds"]:
        jobs = ", ".join(f"{number} {state}" for state, number in holds["jobs"].items() if number)
        lines.append(f"keys     {holds['keys']}")
        lines.append(f"leases   {holds['leases']}")
        lines.append(f"logs     {holds['logs']}, with {holds['lines']} lines")
        lines.append(f"jobs     {jobs or 'none'}")
    for each in said["coordinators"] or ():
        lines.append(f"used by  Coordinator {each['id']} at {each['address']}")
    for each in said["members"]:
        state = "answers" if each["answers"] else "does not answer"
        lines.append(f"server   {each['address']} {state}")
    if copies := said["copies"]:
        have = copies["current"] if copies["current"] is not None else "nobody knows how many"
        lines.append(f"copies   {have} of {copies['wanted']} are current")
        agree = f"yes, {said['leader']} leads" if said["quorum"] else "no: nothing can be written"
        lines.append(f"quorum   {agree}")
    return lines
