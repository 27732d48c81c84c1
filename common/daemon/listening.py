"""Where the nodes of this machine listen: HOME/host, as its owner said; loopback where it is not.

It is read at every start, so that a service listens where `postdevai up --host` said.
"""

from __future__ import annotations

import ipaddress

from common.daemon.addresses import WILDCARDS
from common.daemon.files import write_private
from common.daemon.home import Home
from common.errors import Invalid

LOOPBACK = "127.0.0.1"
ALL = "all"
EVERYWHERE = "0.0.0.0"


def listens_at(home: Home) -> str:
    """The address to listen on; loopback when nothing else was said, or it cannot be read."""
    try:
        return host_of((home.root / "host").read_text("ascii").strip())
    except (OSError, ValueError, Invalid):
        return LOOPBACK


def listen_at(home: Home, said: str) -> bool:
    """Keeps where to listen from the next start on; whether that is another place than before."""
    host, before = host_of(said), listens_at(home)
    write_private(home.root / "host", f"{host}\n".encode())
    return host != before


def host_of(said: str) -> str:
    """`all`, or an address of this machine, as an address to listen on; Invalid otherwise."""
    if said == ALL:
        return EVERYWHERE
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        raise Invalid(
            f"{said[:60]!r} is no address to listen on",
            hint="say all, or an address of this machine, such as 192.168.1.7",
            field="host",
        ) from None


def in_words(host: str) -> str:
    """Who may connect there."""
    if host in WILDCARDS:
        return "at every address of this machine"
    return "for this machine alone" if ipaddress.ip_address(host).is_loopback else f"at {host}"
