"""Opens the engine that this Coordinator's settings name, with its server where it has one.

DIRECTORY/engine.toml     which engine, see engine/settings.py
DIRECTORY/engine.lock     shared by all who have the state open, alone for a move
DIRECTORY/engine/         the server's own directory, see engine/nats_server.py
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from pathlib import Path
from typing import TYPE_CHECKING

from common.alongside import alongside
from common.clock import Clock
from common.daemon.locks import only_instance
from common.errors import Conflict, Missing, Unavailable
from coordinator_node.engine.nats_server import NatsServer
from coordinator_node.engine.ports import Kv
from coordinator_node.engine.settings import EngineSettings, NatsSettings, read_settings
from coordinator_node.engine.sqlite_engine import SqliteEngine, open_sqlite
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.engine_leaf import is_due, keep_engine_leaf, write_engine_leaf

if TYPE_CHECKING:
    from coordinator_node.engine.nats_engine import NatsEngine

log = logging.getLogger(__name__)

MOVED = "moved"
"""Key of a state that several Coordinators had in common and that one of them moved away."""
TURN_S = 60.0
"""So long the Coordinator waits for a short command that has the server running."""
LOOK_S = 0.1
START_PATIENCE_S = 60.0
"""So long a Coordinator that starts waits for most of the engine's servers."""


@asynccontextmanager
async def open_engine(
    directory: Path, authority: Authority, clock: Clock, *, serves: bool = False
) -> AsyncGenerator[SqliteEngine | NatsEngine]:
    """The engine; with `serves` its server is watched over and its certificate renewed.

    Unavailable while the state is moved to another engine.
    """
    with shared(directory):
        settings = await asyncio.to_thread(read_settings, directory)
        async with open_settings(settings, directory, authority, clock, serves=serves) as engine:
            await not_moved(engine.kv)
            yield engine


async def not_moved(kv: Kv) -> None:
    """Conflict where another Coordinator has moved the state away from there: to go on with what
    stayed behind would be a second mesh under the same name."""
    if (entry := await kv.get(MOVED)) is not None:
        raise Conflict(
            f"the mesh's state was moved from there to {entry.value.decode('utf-8', 'replace')}",
            hint="on this machine: postdevai leave coordinator, then join again with a new code",
        )


@asynccontextmanager
async def open_settings(
    settings: EngineSettings,
    directory: Path,
    authority: Authority,
    clock: Clock,
    *,
    serves: bool = False,
) -> AsyncGenerator[SqliteEngine | NatsEngine]:
    """The engine that these settings name."""
    if settings.engine == "sqlite" or settings.nats is None:
        async with open_sqlite(directory / settings.file, clock) as engine:
            yield engine
        return
    open_nats = _with_nats()
    nats = settings.nats
    async with (
        server_of(nats, directory, authority, serves=serves) as server,
        AsyncExitStack() as stack,
    ):
        ends_s = time.monotonic() + (START_PATIENCE_S if serves else 0.0)
        on = await _agreed(
            stack,
            lambda: open_nats(
                nats.servers, tls_of(nats, directory), nats.space, replicas=nats.replicas
            ),
            ends_s,
        )
        if not serves:
            yield on
            return
        tls, hosts = tls_of(nats, directory), (nats.own.host,) if nats.own else ()

        def renewed() -> None:
            if server is not None:
                server.reload()
            on.state.link.show_again(tls)

        kept: list[Coroutine[object, object, None]] = []
        if not nats.tls:  # else others made it
            kept.append(keep_engine_leaf(authority, directory / "engine", hosts, renewed))
        if server is not None:
            kept.append(server.keep_running())
        async with alongside(*kept):
            yield on


async def _agreed(
    stack: AsyncExitStack,
    opens: Callable[[], AbstractAsyncContextManager[NatsEngine]],
    ends_s: float,
) -> NatsEngine:
    """The engine, once most servers have met. A Coordinator that gave up would take its own
    server with it, and those of other machines would wait for that one in vain."""
    while True:
        try:
            return await stack.enter_async_context(opens())
        except Unavailable as error:
            if time.monotonic() >= ends_s:
                raise
            log.warning("waiting for the engine's servers: %s", error.message)


@asynccontextmanager
async def server_of(
    nats: NatsSettings, directory: Path, authority: Authority, *, serves: bool = False
) -> AsyncGenerator[NatsServer | None]:
    """The own server while the block runs; None where there is none, or another process of
    this HOME has it."""
    own, place = nats.own, directory / "engine"
    if not nats.tls and await asyncio.to_thread(is_due, authority, place):
        hosts = (own.host,) if own else ()
        await asyncio.to_thread(write_engine_leaf, authority, place, hosts)
    if own is None:
        yield None
        return
    async with AsyncExitStack() as stack:
        if not await _turn(stack, place, TURN_S if serves else 0.0):
            yield None
            return
        server = NatsServer(own, place)
        stack.push_async_callback(server.stop)
        await server.start()
        yield server


def tls_of(nats: NatsSettings, directory: Path) -> Path:
    """Where the certificate for the servers lies."""
    return Path(nats.tls) if nats.tls else directory / "engine" / "tls"


@contextmanager
def shared(directory: Path, *, alone: bool = False) -> Generator[None]:
    """Has the state open; Unavailable while a move has it, and Conflict, for a move, while
    anybody else has."""
    descriptor = os.open(directory / "engine.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        if alone:
            raise Conflict(
                "another process has the Coordinator's state open",
                hint="stop the Coordinator with `postdevai down`, then try again",
            ) from None
        raise Unavailable(
            "the Coordinator's state is being moved to another engine",
            hint="try again when `postdevai mesh migrate` has ended",
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)


def _with_nats() -> Callable[..., AbstractAsyncContextManager[NatsEngine]]:
    """Loaded by those only whose state is there."""
    try:
        from coordinator_node.engine.nats_engine import open_nats
    except ImportError as error:
        raise Missing(
            f"{error.name} is not installed, and the state is in NATS",
            hint="install postdevai[coordinator]",
        ) from error
    return open_nats


async def _turn(stack: AsyncExitStack, place: Path, patience_s: float) -> bool:
    """Whether this process may run the server."""
    await asyncio.to_thread(place.mkdir, mode=0o700, parents=True, exist_ok=True)
    ends_s = time.monotonic() + patience_s
    while True:
        try:
            lock = only_instance(place / "server.lock", "engine's server")
            await asyncio.to_thread(stack.enter_context, lock)
            return True
        except Conflict:
            if time.monotonic() >= ends_s:
                if patience_s:
                    raise
                return False
        await asyncio.sleep(LOOK_S)
