"""Prepares a server of the engine that another machine will run."""

from __future__ import annotations

from pathlib import Path

from common.clock import Clock
from common.daemon.home import Home
from common.errors import Invalid
from coordinator_node.engine.nats_server import ServerSettings, prepare
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.engine_leaf import write_engine_leaf


def prepare_elsewhere(home: Home, directory: Path, settings: ServerSettings, clock: Clock) -> Path:
    """Writes DIRECTORY/tls and DIRECTORY/nats.conf, 0700; the path of the configuration."""
    for route in settings.routes:
        if not route.rpartition(":")[2].isdecimal():
            raise Invalid(f"the route {route!r} must be host:port", field="route")
    authority = Authority.open(home.directory("coordinator") / "authority", clock)
    directory = directory.expanduser().absolute()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_engine_leaf(authority, directory, (settings.host,))
    return prepare(settings, directory)
