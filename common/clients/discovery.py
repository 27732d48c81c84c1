"""Addresses by mDNS: what is announced on the local network, and what is found there.

Announced are the mesh's name and the node's id, no more. What is found is where somebody claims to
be: whoever answers there must still show the certificate of that name.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from common.daemon.addresses import at, is_loopback, parted
from common.rpc.credentials import NodeIdentity

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo

log = logging.getLogger(__name__)

TYPE = "_postdevai._tcp.local."
FIND_S = 2.0
"""How long answers are waited for; nobody else's answer is known to be missing."""
LOOK_S = 5.0
"""How often an announcer looks whether its addresses have changed."""
CLAIMS_MAX = 64
ADDRESSES_MAX = 16
"""Of one node, whoever claims them."""


class LocalNetwork:
    """Finds Coordinators by mDNS, where a mesh is spread over machines at all."""

    def __init__(
        self,
        known: Callable[[], Collection[str]],
        interfaces: Sequence[str] | None = None,
    ) -> None:
        """`known`: addresses of Coordinators; while all are loopback nobody is looked for.
        `interfaces`: addresses to ask from, instead of all but loopback."""
        self._known = known
        self._interfaces = interfaces
        self._why = ""

    async def find(self, mesh: str) -> Mapping[str, tuple[str, ...]]:
        """Addresses by node id, as claimed; nothing when nobody may be or can be asked."""
        if self._interfaces is None and all(is_loopback(each) for each in self._known()):
            return {}
        from zeroconf import Error

        try:
            found = await _claims(mesh, self._interfaces)
        except (OSError, Error) as error:  # no network just now
            if str(error) != self._why:  # said once, and not at every try
                log.info("nobody can be looked for on the local network: %s", error)
            self._why = str(error)
            return {}
        self._why = ""
        return found


def finder_for(identity: NodeIdentity) -> LocalNetwork:
    """For a node that has joined."""
    return LocalNetwork(lambda: [at for each in identity.coordinators for at in each.addresses])


async def announce(
    mesh: str,
    node: str,
    look: Callable[[], Sequence[str]],
    interfaces: Sequence[str] | None = None,
) -> None:
    """Announces where a node is, anew when that changes, until cancelled.

    A node that listens on loopback alone announces nothing, unless `interfaces` says where.
    """
    why = ""
    while True:
        addresses = tuple(look())
        try:
            if interfaces is not None or not all(is_loopback(each) for each in addresses):
                await _announced(mesh, node, addresses, look, interfaces)
            why = ""
        except OSError as error:  # no network just now
            if str(error) != why:  # said once, and not at every try
                log.info("nothing can be announced on the local network: %s", error)
            why = str(error)
        await asyncio.sleep(LOOK_S)


async def _announced(
    mesh: str,
    node: str,
    addresses: tuple[str, ...],
    look: Callable[[], Sequence[str]],
    interfaces: Sequence[str] | None,
) -> None:
    """As long as the addresses stay these."""
    from zeroconf import Error
    from zeroconf.asyncio import AsyncServiceInfo

    # Whoever takes this name does not keep it from us: the id is in the text.
    name = f"{node}-{secrets.token_hex(4)}"
    hosts = [parted(each)[0] for each in addresses]
    if interfaces is None:
        hosts = [each for each in hosts if not is_loopback(at(each, 0))]
    info = AsyncServiceInfo(
        TYPE,
        f"{name}.{TYPE}",
        port=parted(addresses[0])[1],
        addresses=[socket.inet_pton(_family(each), each) for each in hosts],
        properties={"mesh": mesh, "id": node},
        server=f"{name}.local.",
    )
    network = _network(interfaces)
    try:
        await (await network.async_register_service(info))
        while True:
            await asyncio.sleep(LOOK_S)
            if tuple(look()) != addresses:
                return
    except Error as error:
        raise OSError(str(error)) from error
    finally:
        await network.async_close()


async def _claims(mesh: str, interfaces: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo

    names: list[str] = []

    def noticed(**said: Any) -> None:
        note(names, said["name"])

    network = _network(interfaces)
    try:
        browser = AsyncServiceBrowser(network.zeroconf, TYPE, handlers=[noticed])
        await asyncio.sleep(FIND_S)
        await browser.async_cancel()
        infos = [AsyncServiceInfo(TYPE, name) for name in names]
        await asyncio.gather(
            *(each.async_request(network.zeroconf, FIND_S * 1000) for each in infos)
        )
    finally:
        await network.async_close()
    return by_node(mesh, infos)


def note(names: list[str], name: str) -> None:
    """One more name that was said; anybody may say names, so that they are not without end."""
    if name not in names and len(names) < CLAIMS_MAX:
        names.append(name)


def by_node(mesh: str, infos: Sequence[AsyncServiceInfo]) -> dict[str, tuple[str, ...]]:
    """The addresses that are claimed for each node of the mesh, so many at most."""
    found: dict[str, list[str]] = {}
    for info in infos:
        said = info.properties
        if said.get(b"mesh") != mesh.encode() or not info.port:
            continue
        node = (said.get(b"id") or b"").decode("ascii", "replace")
        found.setdefault(node, []).extend(at(each, info.port) for each in info.parsed_addresses())
    return {node: tuple(dict.fromkeys(every))[:ADDRESSES_MAX] for node, every in found.items()}


def _network(interfaces: Sequence[str] | None) -> Any:
    """Not on loopback, unless that is what is named."""
    from zeroconf import InterfaceChoice, IPVersion
    from zeroconf.asyncio import AsyncZeroconf

    if interfaces is None:
        return AsyncZeroconf(interfaces=InterfaceChoice.Default, ip_version=IPVersion.V4Only)
    return AsyncZeroconf(interfaces=list(interfaces), ip_version=IPVersion.V4Only)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
