"""The engine where one Coordinator is not enough: the four ports over NATS JetStream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from common.errors import Missing, Unavailable
from coordinator_node.engine.jetstream.kv import NatsKv
from coordinator_node.engine.jetstream.leases import NatsLeases
from coordinator_node.engine.jetstream.link import NO_STREAM, PATIENCE_S, Link, Refused, open_link
from coordinator_node.engine.jetstream.log import NatsLog
from coordinator_node.engine.jetstream.moving import NatsMoving
from coordinator_node.engine.jetstream.queue import NatsQueue
from coordinator_node.engine.jetstream.state import State


class NatsEngine:
    """One of each port over the same space of the servers. Made by `open_nats`."""

    def __init__(self, link: Link, space: str, replicas: int) -> None:
        self.state = State(link, space)
        self.kv = NatsKv(self.state)
        self.leases = NatsLeases(self.state)
        self.log = NatsLog(self.state, replicas)
        self.queue = NatsQueue(self.state)
        self.moving = NatsMoving(self.state, self.log, replicas)

    @property
    def name(self) -> str:
        """nats."""
        return "nats"


@asynccontextmanager
async def open_nats(
    servers: tuple[str, ...],
    tls: Path,
    space: str,
    *,
    replicas: int = 1,
    patience_s: float = PATIENCE_S,
) -> AsyncGenerator[NatsEngine]:
    """The engine over a space that is there: Missing when the servers do not have it.

    An empty state is never made in passing: a server that lost its disk, or one that stands
    alone where a cluster is meant, must not look like a new mesh.
    """
    async with open_link(servers, tls, patience_s=patience_s) as link:
        engine = NatsEngine(link, space, replicas)
        try:
            await link.ask(f"STREAM.INFO.{engine.state.stream}")
        except Refused as error:
            if error.code != NO_STREAM:
                raise Unavailable(f"the engine refuses a question: {error}") from error
            raise Missing(
                f"the engine's servers do not have this mesh's state ({space})",
                hint="look whether these are the right servers, and whether all of them run",
            ) from None
        await link.keep_time(engine.state.stream)
        await link.hear(f"{space}.>", engine.state.ring)
        yield engine
