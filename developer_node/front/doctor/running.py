"""Processes of this HOME: what their locks, ready files, sockets and ports say."""

from __future__ import annotations

import json
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from common.daemon.ports import Ports, is_free
from common.errors import PostDevAIError
from common.model.node import Role
from developer_node.front.doctor.finding import (
    ATTENTION,
    CORRUPT,
    REFUSED,
    ROLES,
    UNAVAILABLE,
    Finding,
    Ground,
)

STARTING_MS = 120_000
"""A lake that is replayed may take so long; longer is worth a look."""
LISTENING: tuple[Role, ...] = ("coordinator", "dragon")
UP = "Type: postdevai up"
RESTART = "Type: postdevai down, then postdevai up"


def ready_files(ground: Ground) -> Iterator[Finding]:
    """What a node said when it began to serve, held against what is there now."""
    for role in ROLES:
        path = ground.home.ready_path(role)
        if not path.exists() or role in ground.ready:
            continue
        pid = _pid(path)
        if pid is None:
            yield Finding(
                "ready-broken", f"{path} makes no sense.", f"Remove it. {RESTART}", CORRUPT
            )
        else:
            yield Finding(
                "stale-pid",
                f"{path} names process {pid}, which is not the {role} node any more: it was "
                "killed, or the machine went down.",
                f"{UP}. It starts what is missing, and nothing that was recorded is lost.",
                UNAVAILABLE,
            )


def locks(ground: Ground) -> Iterator[Finding]:
    """A node that holds its lock and does not serve."""
    for role in ROLES:
        if role in ground.ready or not ground.home.is_locked(role):
            continue
        lock = ground.home.lock_path(role)
        age_ms = ground.now_ms - lock.stat().st_mtime_ns // 1_000_000
        if age_ms < STARTING_MS:
            continue
        holder = lock.read_text("ascii", "replace").strip() or "a process that is not named"
        yield Finding(
            "lock-held",
            f"The {role} node (pid {holder}) holds {lock} for {age_ms // 60_000} minutes and does "
            "not serve.",
            f"See what it does in {ground.home.root / role / role}.log, or: postdevai down",
            UNAVAILABLE,
        )


def ports(ground: Ground) -> Iterator[Finding]:
    """A port that others were told, and that somebody else has taken meanwhile."""
    kept = Ports.of(ground.home)
    if not kept.path.exists():
        return
    for role in LISTENING:
        running = role in ground.ready or ground.home.is_locked(role)
        port = kept.usual(role)
        if not running and ground.lives_here(role) and port and not is_free("127.0.0.1", port):
            yield Finding(
                "port-taken",
                f"Port {port}, where others look for the {role} node, is taken by another program.",
                f"End that program (lsof -i :{port}), or go on: the node takes a free port, and "
                "this machine finds it; others do when they ask the Coordinator.",
                REFUSED,
            )


def sockets(ground: Ground) -> Iterator[Finding]:
    """Sockets that a killed laptop's daemon left: front ends try them in vain."""
    if "developer" in ground.ready or ground.home.is_locked("developer"):
        return
    left = ground.home.left_sockets()
    if left:
        yield Finding(
            "socket-stale",
            f"{left[0]} is a socket of a developer node that was killed.",
            "Type: postdevai doctor --fix. The next start removes it, too.",
            ATTENTION,
        )


def door(ground: Ground) -> Iterator[Finding]:
    """The local API: its socket, the directory that it lies in, and the token."""
    ready = ground.ready.get("developer")
    if ready is None:
        return
    token = Path(ready.extra.get("token_file", ""))
    socket = Path(ready.extra.get("socket", "") or ready.address)
    if not token.is_file():
        yield Finding(
            "token-missing",
            f"The local API's token, {token}, is gone: no front end can prove that it is yours.",
            f"{RESTART}: each start makes a new one",
            UNAVAILABLE,
        )
    if not socket.exists():
        yield Finding(
            "socket-missing",
            f"The local API's socket, {socket}, is gone: something cleaned it away.",
            RESTART,
            UNAVAILABLE,
        )
    for path in (token, socket.parent):
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0
        if mode & 0o077:
            yield Finding(
                "door-open",
                f"{path} is open to others (mode {mode:04o}); front ends refuse to use it.",
                f"Type: chmod go-rwx {shlex.quote(str(path))}",
                REFUSED,
            )


def absent(ground: Ground) -> Iterator[Finding]:
    """Nodes that belong to this HOME and do not run."""
    here: list[Role] = [role for role in ROLES if ground.lives_here(role)]
    if not here:
        yield Finding(
            "no-mesh",
            f"{ground.home.root} holds no mesh yet.",
            "Make one with: postdevai up --repo DIR. To join another's: postdevai join CODE",
            ATTENTION,
        )
    for role in here:
        if role not in ground.ready and not ground.home.is_locked(role):
            yield Finding(
                f"{role}-away",
                f"The {role} node of this machine is not running.{_WHAT[role]}",
                UP,
                UNAVAILABLE,
            )


def hung(ground: Ground) -> Iterator[Finding]:
    """Nodes that run and do not answer."""
    if isinstance(ground.status, PostDevAIError):
        if "developer" in ground.ready and not any(door(ground)):
            pid = ground.ready["developer"].pid
            yield Finding(
                "developer-hung",
                f"The developer node runs (pid {pid}) and does not answer: "
                f"{ground.status.message.rstrip('.')}.",
                f"{RESTART}. Its log: {ground.home.root / 'developer' / 'developer.log'}",
                UNAVAILABLE,
            )
        return
    if ground.status.put_out:
        return  # nobody is away: `mesh.put_out` says what it is
    away: tuple[tuple[Role, str], ...] = (
        ("dragon", ground.status.dragon_unavailable),
        ("coordinator", ground.status.coordinator_unavailable),
    )
    for role, why in away:
        if not why:
            continue
        if role in ground.ready:
            yield Finding(
                f"{role}-hung",
                f"The {role} node runs here (pid {ground.ready[role].pid}) and does not answer: "
                f"{why}.",
                f"{RESTART}. Its log: {ground.home.root / role / role}.log",
                UNAVAILABLE,
            )
        elif not ground.lives_here(role):
            yield Finding(
                f"{role}-unreachable",
                f"The {role} node, on another machine, cannot be reached: {why}.",
                "Look whether that machine is on and on this network. What is recorded waits here.",
                UNAVAILABLE,
            )


def versions(ground: Ground) -> Iterator[Finding]:
    """A node that was started before an update goes on with the old program."""
    for role, ready in ground.ready.items():
        if ready.version != ground.version:
            yield Finding(
                "version",
                f"The {role} node runs version {ready.version}, and this is {ground.version}.",
                _upgraded(ground, ready.version) or RESTART,
                ATTENTION,
            )


def _upgraded(ground: Ground, to: str) -> str:
    """What to type where this is the program from before the last upgrade."""
    from developer_node.front.upgrade import record

    try:
        made = record.read(ground.home)
    except PostDevAIError:
        return ""  # there was none, or it is said by `upgrade`
    if made.state != "done" or made.to_version != to:
        return ""
    return f"This is the program from before the upgrade. Type: {made.to_root}/bin/postdevai"


def _pid(path: Path) -> int | None:
    try:
        return int(json.loads(path.read_text("utf-8"))["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


_WHAT: dict[Role, str] = {
    "coordinator": " Nodes that know each other go on; certificates are not renewed.",
    "dragon": " Recording goes on and waits; this laptop answers from what it knows.",
    "developer": " Commands that are recorded wait in files; nothing is lost.",
}
