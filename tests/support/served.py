"""One service on loopback behind the real interceptor, and a real Routed that leads there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import grpc

from common.model.node import Route
from common.rpc.certificates import Leaf
from common.rpc.channel import Channels
from common.rpc.intercept import Intercept
from common.rpc.routed import Routed


class Everyone:
    """An admission that lets all in: who may call what is tested where that is decided."""

    def admit(self, method: str, context: Any) -> Leaf | None:
        """Nobody in particular."""
        return None

    def still_welcome(self, leaf: Leaf | None) -> None:
        """Yes."""


class _OneChannel:
    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def to(self, endpoint: str, identity_uri: str) -> grpc.aio.Channel:
        return self._channel


@asynccontextmanager
async def served(
    add: Callable[[grpc.aio.Server], None],
) -> AsyncGenerator[tuple[Routed, grpc.aio.Channel]]:
    """A way to the service by Routed, and the bare channel for messages that no client sends."""
    server = grpc.aio.server(interceptors=(Intercept(Everyone()),))
    add(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()

    async def resolve(*, fresh: bool) -> tuple[Route, ...]:
        return (Route(f"127.0.0.1:{port}", "spiffe://m/dragon/1", "ticket", 0),)

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        channels = cast(Channels, _OneChannel(channel))
        yield Routed("the Dragon", resolve, channels), channel
    await server.stop(0)
