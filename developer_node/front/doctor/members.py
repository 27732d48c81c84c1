"""The nodes of the mesh as the Coordinator knows them: clocks, versions, identities, addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import psutil

from common import versions as rule
from common.daemon.addresses import parted
from common.errors import PostDevAIError
from common.model.node import Node, Role
from developer_node.front.doctor.finding import (
    ATTENTION,
    REFUSED,
    ROLES,
    UNAVAILABLE,
    Finding,
    Ground,
)

CLOCK_MS = 60_000
"""Times of records bear that much unnoticed; certificates bear two hours either way."""
LEAF_MS = 2 * 3_600_000
"""A leaf is good for a day and renewed at two thirds of it."""


def clocks(ground: Ground) -> Iterator[Finding]:
    """Clocks that are off against the Coordinator's."""
    for node in _serving(ground):
        if abs(node.clock_ahead_ms) > CLOCK_MS:
            way = "ahead of" if node.clock_ahead_ms > 0 else "behind"
            yield Finding(
                "clock-apart",
                f"The clock of {_named(node)} is {abs(node.clock_ahead_ms) // 1000} seconds {way} "
                "the Coordinator's: the times of its records are as wrong, and from two hours on "
                "its certificate is refused.",
                "Set the clocks of both machines; a network time service keeps them right.",
                ATTENTION if abs(node.clock_ahead_ms) < LEAF_MS else REFUSED,
            )


def versions(ground: Ground) -> Iterator[Finding]:
    """Nodes elsewhere whose version is too far from this one."""
    for node in _serving(ground):
        if not _is_here(node, ground) and rule.apart(ground.version, node.version):
            yield Finding(
                "versions-apart",
                f"T{_named(node)[1:]} runs version {node.version}, too far from {ground.version}, "
                "this program's.",
                "Bring both to one version: postdevai upgrade --to WHEEL",
                REFUSED,
            )


def twice(ground: Ground) -> Iterator[Finding]:
    """An identity that another process uses, too: HOME was copied."""
    for role, ready in ground.ready.items():
        own = _own_id(ground, role)
        for node in _serving(ground):
            elsewhere = bool(node.machine and ground.machine and node.machine != ground.machine)
            # One that was just started anew may be known by its last process for a moment.
            lives = node.pid != ready.pid and psutil.pid_exists(node.pid)
            if own and node.id == own and node.pid and (elsewhere or lives):
                yield Finding(
                    "identity-twice",
                    f"The identity of the {role} node here (pid {ready.pid}) is used by another "
                    f"process (pid {node.pid}{f' on {node.machine}' if elsewhere else ''}), which "
                    "has taken its seat: HOME was copied.",
                    "Stop one of the two. A second node needs an identity of its own: postdevai "
                    f"invite {role}, and there postdevai join CODE",
                    REFUSED,
                )


def leaves(ground: Ground) -> Iterator[Finding]:
    """Certificates of nodes elsewhere that do not renew; of those here the files are looked at."""
    for node in _serving(ground):
        left_ms = node.certificate_ends_ms - ground.now_ms
        if node.certificate_ends_ms and left_ms < LEAF_MS and not _is_here(node, ground):
            minutes = max(0, left_ms) // 60_000
            yield Finding(
                "certificate-not-renewed",
                f"The certificate of {_named(node)} ends in {minutes} minutes and was not renewed.",
                "Look at its log there: postdevai service logs all. It renews when it is started "
                "anew.",
                UNAVAILABLE,
            )


def addresses(ground: Ground) -> Iterator[Finding]:
    """A node here that others were told to find where this machine is not any more."""
    own = set(ground.addresses)
    for node in _serving(ground):
        if not node.address or not _is_here(node, ground):
            continue
        try:
            host = parted(node.address)[0].strip("[]")
            away = not _is_loopback(host) and host not in own
        except ValueError:
            continue  # a name: whoever resolves it knows
        if away and own:
            yield Finding(
                "address-changed",
                f"Others are told to reach the {node.role} node of this machine at {node.address}, "
                "which is not an address of it any more.",
                "Wait a minute, it tells its new address by itself; if it stays so: postdevai "
                "down, then postdevai up",
                ATTENTION,
            )


def listening(ground: Ground) -> Iterator[Finding]:
    """A node that takes calls from everywhere, in a mesh that has no other machine."""
    alone = all(ground.lives_here(role) for role in ROLES) and not any(
        node.machine and node.machine != ground.machine for node in _serving(ground)
    )
    for role, hosts in ground.listening.items():
        wide = [host for host in hosts if not _is_loopback(host)]
        if alone and wide and role != "developer":
            yield Finding(
                "listening-wide",
                f"The {role} node listens at {wide[0]}, and every node of this mesh is on this "
                "machine: others can knock without need.",
                "postdevai up --host 127.0.0.1; or invite another machine: postdevai invite "
                "developer",
                ATTENTION,
            )


def _serving(ground: Ground) -> list[Node]:
    nodes = ground.known.nodes if ground.known else ()
    return [node for node in nodes if node.lease_s >= 0]


def _is_loopback(host: str) -> bool:
    """Also as gRPC names it, which listens with IPv6 sockets: ::ffff:127.0.0.1."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _is_here(node: Node, ground: Ground) -> bool:
    """Whether it is one of the processes of this HOME; pids of other machines may be the same."""
    same_machine = not node.machine or not ground.machine or node.machine == ground.machine
    return same_machine and node.pid in {ready.pid for ready in ground.ready.values()}


def _named(node: Node) -> str:
    where = f" on {node.machine}" if node.machine else f" at {node.address}" if node.address else ""
    return f"the {node.role} node{where}"


def _own_id(ground: Ground, role: Role) -> str:
    from common.rpc.certificates import read_leaf

    leaf = ground.home.root / role / "identity" / "leaf.pem"
    try:
        return read_leaf(leaf.read_bytes()).identity.id
    except (OSError, ValueError, PostDevAIError):
        return ""  # said by `certificates`
