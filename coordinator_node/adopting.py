"""A server of the engine that was started by hand becomes one that a Coordinator starts.

DIRECTORY, as `coordinator-node engine-server` wrote it and somebody ran it: nats.conf, store/, tls/
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from common.clock import Clock
from common.daemon.home import Home
from common.daemon.locks import only_instance
from common.errors import Conflict, Corrupt, Missing
from coordinator_node.engine.nats_server import ServerSettings, answers
from coordinator_node.engine.settings import NatsSettings, read_settings, write_settings
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.engine_leaf import write_engine_leaf
from coordinator_node.gateway.grant import nats_of
from coordinator_node.opening import shared

CONFIGURATION = "nats.conf"
STORE = "store"


def adopt(home: Home, source: Path, clock: Clock) -> str:
    """The Coordinator of this HOME runs the server of `source` from its next start on; a sentence.

    Conflict while either of them runs.
    """
    directory = home.directory("coordinator")
    with only_instance(home.lock_path("coordinator"), "coordinator"), shared(directory, alone=True):
        settings = read_settings(directory)
        nats = nats_of(settings)
        if nats.own is not None:
            raise Conflict(f"the Coordinator has a server already, {nats.own.name}")
        server = stopped_server(source, nats)
        authority = Authority.open(directory / "authority", clock)
        take_over(source, directory / "engine", server, authority)
        write_settings(directory, replace(settings, nats=replace(nats, own=server)))
        leave_behind(source)
    return f"The Coordinator starts the server {server.name} itself from now on."


def stopped_server(source: Path, nats: NatsSettings) -> ServerSettings:
    """What `source` is the server of; Conflict while it runs, or when it is none of the mesh's."""
    if nats.tls:
        raise Conflict(
            f"the engine's servers go by the certificates in {nats.tls}, not by the mesh's",
            hint="they are run by whoever made those",
        )
    server = read_server(source)
    url = f"tls://{server.host}:{server.port}"
    if url not in nats.servers:
        raise Conflict(
            f"{url} is none of the mesh's servers: {', '.join(nats.servers)}",
            hint="`postdevai mesh migrate --to nats` was told of others",
        )
    if answers(server.host, server.port):
        raise Conflict(
            f"the server {server.name} runs at {server.host}:{server.port}",
            hint=f"stop it first: nats-server --signal stop, or end what runs {source}/nats.conf",
        )
    return server


def take_over(source: Path, place: Path, server: ServerSettings, authority: Authority) -> None:
    """Its copy of the state, to where the Coordinator's own server has it, and a certificate that
    names its address; again is no harm."""
    _take_store(source, place)
    write_engine_leaf(authority, place, (server.host,))


def _take_store(source: Path, place: Path) -> None:
    held, to = source / STORE, place / STORE
    if not held.is_dir():
        return
    if to.is_dir() and any(to.iterdir()):
        raise Conflict(f"{to} holds a server's state already", hint="move it away")
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if to.is_dir():
        to.rmdir()
    shutil.move(held, to)


def leave_behind(source: Path) -> None:
    """Nobody shall start it from there any more: it would be the same server with nothing in it."""
    shutil.rmtree(source / "tls", ignore_errors=True)
    (source / CONFIGURATION).unlink(missing_ok=True)


def read_server(source: Path) -> ServerSettings:
    """What the configuration there says; Missing or Corrupt when it does not."""
    path = source / CONFIGURATION
    try:
        said: dict[str, Any] = json.loads(path.read_text("utf-8"))
        cluster: dict[str, Any] = said.get("cluster") or {}
        return ServerSettings(
            str(said["server_name"]),
            str(said["host"]),
            int(said["port"]),
            int(cluster.get("port", 0)),
            tuple(str(each).removeprefix("nats-route://") for each in cluster.get("routes", ())),
        )
    except FileNotFoundError:
        raise Missing(
            f"there is no {path}", hint="name the directory that `engine-server` wrote"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Corrupt(f"{path} is not as `coordinator-node engine-server` wrote it") from error
