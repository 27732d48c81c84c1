"""Every check in one list, and the ground that they look at."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import psutil

from common.daemon.addresses import machine_name, own_addresses
from common.daemon.home import Home, Ready
from common.errors import PostDevAIError
from common.model.laptop import LaptopStatus
from common.model.node import Role
from developer_node.front import bare_machine
from developer_node.front.doctor import (
    audit_log,
    certificates,
    engine,
    keeping,
    left,
    machine,
    members,
    mesh,
    own_rules,
    running,
    tasks,
    units,
)
from developer_node.front.doctor.finding import (
    REFUSED,
    ROLES,
    Check,
    Finding,
    Ground,
    Mount,
)
from developer_node.front.service import files as service_files
from developer_node.front.service.services import Services

CHECKS: tuple[Check, ...] = (
    machine.packages,
    machine.git,
    keeping.room,
    keeping.logs,
    keeping.network,
    keeping.modes,
    keeping.sealing,
    left.left_behind,
    running.ready_files,
    running.sockets,
    running.locks,
    running.ports,
    running.absent,
    running.door,
    running.hung,
    running.versions,
    certificates.certificates,
    engine.settings,
    engine.state,
    engine.servers,
    audit_log.audit_log,
    own_rules.rules,
    units.units,
    units.services,
    units.upgrade,
    members.clocks,
    members.versions,
    members.twice,
    members.leaves,
    members.addresses,
    members.listening,
    mesh.put_out,
    mesh.nodes,
    mesh.followers,
    mesh.circuits,
    mesh.lake,
    mesh.outbox,
    mesh.models,
    mesh.repositories,
    tasks.dead,
    mesh.near,
    machine.watches,
    machine.budgets,
    machine.egress,
    machine.rc_lines,
    keeping.paused,
    keeping.privacy,
)
_INSTEAD = {
    "postdevai down, then postdevai up": "postdevai service restart all",
    "Type: postdevai up": "Type: postdevai service start all",
}
WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")
ANSWER_S = 5.0


def examine(ground: Ground) -> list[Finding]:
    """What is wrong, in the order in which it is worth being mended."""
    found = [finding for check in CHECKS for finding in check(ground)]
    if not any(each.found for each in ground.services):
        return found
    return [replace(each, next=_for_services(each.next)) for each in found]


def _for_services(advice: str) -> str:
    """`down` leaves services alone, and what `up` starts beside them nobody watches."""
    for typed, instead in _INSTEAD.items():
        advice = advice.replace(typed, instead)
    return advice


def unusable(error: PostDevAIError) -> Finding:
    """HOME itself: nothing else can be looked at."""
    said = error.message[:1].upper() + error.message[1:]
    hint = error.hint[:1].upper() + error.hint[1:]
    return Finding("home", f"{said}.", f"{hint}.", REFUSED)


async def ground_of(home: Home, environment: Mapping[str, str]) -> Ground:
    """Looks once."""
    from developer_node.front.shell.recorded.installing import rc_file

    kinds = (rc_file("bash"), rc_file("zsh"), rc_file("fish"))
    own = Services(home)
    found: dict[Role, Ready] = {}
    for role in ROLES:
        if (ready := home.ready(role)) is not None:
            found[role] = ready
    servers = await engine.asked(home, runs="coordinator" in found)
    return Ground(
        home=home,
        status=await _status(home),
        now_ms=time.time_ns() // 1_000_000,
        version=version("postdevai"),
        environment=environment,
        mounts=tuple(Mount(p.mountpoint, p.fstype) for p in psutil.disk_partitions(all=True)),
        free_bytes=lambda path: shutil.disk_usage(path).free,
        memory_bytes=psutil.virtual_memory().total,
        watches_max=_watches(),
        lacking=bare_machine.lacking(),
        rc_files=tuple(path for path in kinds if path is not None),
        ready=found,
        units=tuple(service_files.found(own.kind)),
        services=tuple(own.all()),
        addresses=own_addresses(),
        machine=machine_name(),
        listening={role: _hosts(ready.pid) for role, ready in found.items()},
        engine=servers,
        dead_tasks=await tasks.asked(home) if "developer" in found else (),
        audit=await audit_log.looked_at(home, servers),
    )


def _hosts(pid: int) -> tuple[str, ...]:
    try:
        open_now = psutil.Process(pid).net_connections(kind="inet")
    except (psutil.Error, OSError):
        return ()
    return tuple(sorted({c.laddr.ip for c in open_now if c.status == psutil.CONN_LISTEN}))


async def _status(home: Home) -> LaptopStatus | PostDevAIError:
    from developer_node.front.local_client import LocalClient

    try:
        async with asyncio.timeout(ANSWER_S):
            async with await LocalClient.connect(home, timeout=ANSWER_S) as client:
                return await client.status()
    except PostDevAIError as error:
        return error
    except TimeoutError:
        from common.errors import Unavailable

        return Unavailable(f"no answer within {ANSWER_S:.0f} s")


def _watches() -> int:
    try:
        return int(WATCHES.read_text("ascii"))
    except (OSError, ValueError):
        return 0  # macOS has no such limit
