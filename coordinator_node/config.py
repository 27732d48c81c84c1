"""What the Coordinator is told."""

from __future__ import annotations

import socket
from dataclasses import dataclass

import psutil

from common.daemon.home import Home
from common.rpc.server import joined

WILDCARDS = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of one Coordinator."""

    home: Home
    """Where its state lives."""
    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for all."""
    port: int = 0
    """Main port; 0 for the usual one, or a free one where that is taken."""
    enrolment_port: int = 0
    """The same for the enrolment port."""
    grace_s: float = 5.0
    """How long running calls may take to end, seconds."""


def reachable_at(host: str, port: int) -> tuple[str, ...]:
    """The addresses that a code names for a listener."""
    if host not in WILDCARDS:
        return (joined(host, port),)
    found = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]
    return tuple(joined(each, port) for each in (*found[:4], "127.0.0.1"))
