"""A unit file of systemd: Type=notify, hardened as far as the node's work allows.

A person's own units (`--user`) get what the user's manager can do without namespaces of its own;
those of the system get the rest. The Dragon is not given PrivateDevices, which would take the GPU,
nor RemoveIPC, which would take the lake out of /dev/shm at each stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from common.daemon.service import NO_RESTART
from developer_node.front.service.unit import FILES_MAX, RESTART_MAX_S, RESTART_S, STOP_S, Unit

STEPS_SINCE = 254
"""The first systemd that waits longer with each restart."""
_STEPS = 5
_HARD = (
    ("NoNewPrivileges", "yes"),
    ("LockPersonality", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    ("SystemCallArchitectures", "native"),
    ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX AF_NETLINK"),
)
"""For every unit. AF_NETLINK tells which addresses this machine has."""
_HARD_SYSTEM = (
    ("ProtectKernelTunables", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectControlGroups", "yes"),
    ("ProtectClock", "yes"),
    ("ProtectHostname", "yes"),
    ("CapabilityBoundingSet", ""),
    ("AmbientCapabilities", ""),
)
"""Needs the system's manager."""


def text(unit: Unit, version: int = 0) -> str:
    """The whole file. `version` is systemd's own; 0 when it is not known, as for a package."""
    sections = (
        ("Unit", _unit(unit)),
        ("Service", _service(unit, version)),
        ("Install", [("WantedBy", _target(unit))]),
    )
    return "\n".join(f"[{name}]\n{_lines(entries)}" for name, entries in sections)


def command(words: Iterable[str]) -> str:
    """A command line, as ExecStart= takes it."""
    return " ".join(_quoted(word, command=True) for word in words)


def _unit(unit: Unit) -> Iterator[tuple[str, str]]:
    yield "Description", _plain(unit.description)
    if unit.scope == "system":
        yield "Wants", "network-online.target"
        yield "After", "network-online.target"
    if unit.role != "coordinator" and "coordinator" in unit.beside:
        # A wish: each node works without it, too.
        yield "After", "postdevai-coordinator.service"
    mounts = [unit.home, Path("/dev/shm")] if unit.role == "dragon" else [unit.home]
    yield "RequiresMountsFor", " ".join(_quoted(str(each)) for each in mounts)
    yield "StartLimitIntervalSec", "0"


def _service(unit: Unit, version: int) -> Iterator[tuple[str, str]]:
    yield "Type", "notify"
    yield "NotifyAccess", "main"
    if unit.user:
        yield "User", unit.user
    yield "WorkingDirectory", _plain(str(unit.home))
    for name, value in unit.settings.items():
        yield "Environment", _quoted(f"{name}={value}")
    yield "ExecStart", command(unit.words)
    yield "StandardOutput", f"append:{_plain(str(unit.printed))}"
    yield "StandardError", f"append:{_plain(str(unit.printed))}"
    yield "Restart", "on-failure"
    yield "RestartPreventExitStatus", " ".join(map(str, NO_RESTART))
    yield "RestartSec", f"{RESTART_S}s"
    if version >= STEPS_SINCE:
        yield "RestartSteps", str(_STEPS)
        yield "RestartMaxDelaySec", f"{RESTART_MAX_S}s"
    # A lake that is replayed may take long; a process that ends is noticed at once.
    yield "TimeoutStartSec", "infinity"
    yield "TimeoutStopSec", f"{STOP_S[unit.role]}s"
    yield "KillMode", "mixed"
    yield "UMask", "0077"
    yield "LimitNOFILE", str(FILES_MAX)
    yield from _HARD
    if unit.scope == "system":
        yield from _system(unit)


def _system(unit: Unit) -> Iterator[tuple[str, str]]:
    yield from _HARD_SYSTEM
    if unit.role == "developer":
        yield "ProtectSystem", "full"  # it tries remedies, in directories of the person's
        return
    yield "ProtectSystem", "strict"
    for path in unit.writable:
        yield "ReadWritePaths", _quoted(f"-{path}")  # one that is not there is passed over


def _target(unit: Unit) -> str:
    return "multi-user.target" if unit.scope == "system" else "default.target"


def _lines(entries: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{name}={value}\n" for name, value in entries)


def _plain(value: str) -> str:
    """A value that is taken whole; `%` begins a specifier."""
    return value.replace("%", "%%")


def _quoted(word: str, *, command: bool = False) -> str:
    """One word, as systemd.syntax(7) reads it; `$` is a variable in command lines alone."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    if command:
        safe = safe.replace("$", "$$")
    return f'"{safe}"' if safe == "" or any(c in safe for c in " \t'\"\\;") else safe
