"""`up --host`: where the nodes of this machine listen, and a new start of those that do elsewhere.

The laptop's node listens on a Unix socket only; where the others do is asked of the system.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import psutil

from common.daemon.addresses import WILDCARDS, parted
from common.daemon.home import Home, Ready
from common.daemon.listening import in_words, listens_at
from common.model.node import Role
from developer_node.front.output_page import Line, Page, Span, line
from developer_node.front.service.running_service import service_of
from developer_node.front.up import daemons


async def moved(
    home: Home, page: Page, running: dict[Role, Ready | None]
) -> dict[Role, Ready | None]:
    """Stops each node that listens elsewhere than is wanted now; those that still run.

    One that a service manager runs is left to it: signalled, it would come back by itself.
    """
    wanted = listens_at(home)
    page.show(line(f"The nodes of this machine listen {in_words(wanted)}."))
    left = dict(running)
    for role, ready in reversed(list(running.items())):
        if ready is None or role == "developer" or not is_elsewhere(ready, wanted):
            continue
        if service_of(ready.pid):
            page.show(*_as_service(role))
            continue
        how = await daemons.stop(ready.pid, role)
        page.show(line(f"{role:<12}", f"{how}: it listened elsewhere"))
        left[role] = None
    return left


def is_elsewhere(ready: Ready, wanted: str) -> bool:
    """Whether the node that runs is known to listen at another address than `wanted`."""
    try:
        _, port = parted(ready.address)
    except ValueError:
        return False
    found = [_plain(host) for host, at in _listeners(ready.pid) if at == port]
    return bool(found) and all(_kind(each) != _kind(_plain(wanted)) for each in found)


def _listeners(pid: int) -> Iterator[tuple[str, int]]:
    try:
        for each in psutil.Process(pid).net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr:
                yield each.laddr.ip, each.laddr.port
    except (psutil.Error, OSError):
        return  # somebody else's, or gone meanwhile


def _plain(host: str) -> str:
    """gRPC listens at an IPv4 address by an IPv6 socket: ::ffff:127.0.0.1."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _kind(host: str) -> str:
    return "every address" if host in WILDCARDS else host


def _as_service(role: Role) -> list[Line]:
    words = f"postdevai service restart {role}"
    said = f"The {role} node is a service and goes on where it listened until: {words}"
    return [line(Span(said, "yellow"))]
