"""The certificate of the engine: it names ENGINE_DNS and no node, so that no node can show it.

DIRECTORY/tls/key.pem ca.pem leaf.pem    the leaf is written last
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

from common.daemon.files import write_private
from common.rpc.certificates import key_to_pem, new_key
from coordinator_node.engine.nats_server import ENGINE_DNS
from coordinator_node.gateway.authority import Authority, engine_leaf

log = logging.getLogger(__name__)

LEAF_MS = 30 * 24 * 3_600_000
LOOK_S = 3600.0


def write_engine_leaf(authority: Authority, directory: Path, hosts: tuple[str, ...] = ()) -> None:
    """A new key and leaf for 30 days; `hosts` are where the server of this directory listens,
    for the other servers that dial it."""
    tls = directory / "tls"
    tls.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = new_key()
    write_private(tls / "key.pem", key_to_pem(key))
    write_private(tls / "ca.pem", authority.ca_pem)
    leaf = engine_leaf(authority, ENGINE_DNS, hosts, key.public_key(), LEAF_MS)
    write_private(tls / "leaf.pem", leaf)


def is_due(authority: Authority, directory: Path) -> bool:
    """Whether the leaf is missing, of another CA, or past two thirds of its term."""
    tls = directory / "tls"
    try:
        leaf = x509.load_pem_x509_certificate((tls / "leaf.pem").read_bytes())
        same = (tls / "ca.pem").read_bytes() == authority.ca_pem
    except (OSError, ValueError):
        return True
    begun_ms = leaf.not_valid_before_utc.timestamp() * 1000
    return not same or authority.clock.now_ms() >= begun_ms + LEAF_MS * 2 // 3


async def keep_engine_leaf(
    authority: Authority, directory: Path, hosts: tuple[str, ...], renewed: Callable[[], object]
) -> None:
    """Writes a new leaf at two thirds of each term and says so, until cancelled."""
    while True:
        await asyncio.sleep(LOOK_S)
        if await asyncio.to_thread(is_due, authority, directory):
            try:
                await asyncio.to_thread(write_engine_leaf, authority, directory, hosts)
                renewed()
            except OSError as error:  # a full disk: ten days are left to mend it
                log.error("the engine's certificate was not renewed: %s", error)
