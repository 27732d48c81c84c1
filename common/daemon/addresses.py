"""Where a listener of this machine can be reached: what its interfaces have now."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

import psutil

WILDCARDS = ("0.0.0.0", "::")
"""A listener there takes calls at every address of the machine."""
ADDRESSES_MAX = 8
"""Of one listener; a machine with more is reached at the first of them."""


def reachable_at(host: str, port: int) -> tuple[str, ...]:
    """host:port of each address of a listener, as the interfaces are now."""
    return reachable(host, port, own_addresses() if host in WILDCARDS else ())


def reachable(host: str, port: int, own: Iterable[str]) -> tuple[str, ...]:
    """The listener's own host, or for one that listens to all: IPv4, IPv6, and loopback last.

    `own`: the addresses of the machine. Those that mean something on one link only are left out.
    """
    if host not in WILDCARDS:
        return (at(host, port),)
    found = [address for each in own if (address := _useful(each)) is not None]
    if host == "0.0.0.0":
        found = [address for address in found if address.version == 4]
    found.sort(key=lambda address: (address.version, not address.is_private))
    named = [str(address) for address in dict.fromkeys(found)]
    return tuple(at(each, port) for each in (*named[: ADDRESSES_MAX - 1], "127.0.0.1"))


def own_addresses() -> tuple[str, ...]:
    """Of every interface that is up."""
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    return tuple(
        address.address
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if name in up and address.family in (socket.AF_INET, socket.AF_INET6)
    )


def machine_name() -> str:
    """As its owner calls it, without the domain."""
    return socket.gethostname().partition(".")[0][:64]


def at(host: str, port: int) -> str:
    """host:port, brackets around IPv6."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parted(address: str) -> tuple[str, int]:
    """The host and the port of host:port; ValueError when it is none."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def is_loopback(address: str) -> bool:
    """Whether a host:port is this machine's for every machine."""
    host = address.rpartition(":")[0].strip("[]") or address
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _useful(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if address.is_loopback or address.is_link_local or address.is_unspecified:
        return None
    return address
