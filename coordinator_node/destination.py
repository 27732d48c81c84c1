"""Where a move goes: always a place where nothing was, and taken away again when it fails."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from common.clock import Clock
from common.daemon.ports import Ports
from common.errors import Conflict, Invalid, PostDevAIError
from coordinator_node.engine.jetstream.link import open_link
from coordinator_node.engine.moving import Movable
from coordinator_node.engine.nats_engine import NatsEngine
from coordinator_node.engine.nats_server import ServerSettings
from coordinator_node.engine.settings import EngineSettings, NatsSettings
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.gateway.authority import Authority
from coordinator_node.opening import server_of, tls_of


def wanted(
    before: EngineSettings, to: str, directory: Path, nats: NatsSettings | None, ports: Ports
) -> EngineSettings:
    """The settings after the move: always a place where nothing was before."""
    if to == before.engine:
        raise Conflict(f"the state is in {to} already", hint="see `postdevai mesh engine`")
    if to == "sqlite":
        used = {path.name for path in directory.glob("state.db*")}
        name = next(n for k in range(1, 10_000) if (n := f"state.db.{k}") not in used)
        return EngineSettings("sqlite", name if "state.db" in used else "state.db", before.nats)
    if to != "nats":
        raise Invalid(f"there is no engine {to!r}; there are sqlite and nats", field="to")
    base = nats or before.nats or _own(ports)
    return replace(before, engine="nats", nats=replace(base, space=f"g{secrets.token_hex(5)}"))


def _own(ports: Ports) -> NatsSettings:
    """One server, of this Coordinator, on this machine."""
    port = ports.reserve("engine", "127.0.0.1")
    server = ServerSettings("one", "127.0.0.1", port)
    return NatsSettings("new", (f"tls://127.0.0.1:{port}",), 1, "", server)


@asynccontextmanager
async def made(
    after: EngineSettings, directory: Path, authority: Authority, clock: Clock
) -> AsyncGenerator[Movable]:
    """The place to move to. One that was not finished is taken away again."""
    if after.nats is None or after.engine == "sqlite":
        path = directory / after.file
        try:
            async with open_sqlite(path, clock) as engine:
                yield engine.moving
        except BaseException:
            for left in (
                path,
                path.with_name(path.name + "-wal"),
                path.with_name(path.name + "-shm"),
            ):
                left.unlink(missing_ok=True)
            raise
        return
    nats = after.nats
    async with (
        server_of(nats, directory, authority),
        open_link(nats.servers, tls_of(nats, directory)) as link,
    ):
        moving = NatsEngine(link, nats.space, nats.replicas).moving
        try:
            yield moving
        except BaseException:
            with contextlib.suppress(PostDevAIError):
                await moving.drop()
            raise
