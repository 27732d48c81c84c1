"""One service on loopback behind the real interceptor, and a real Routed that leads there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import grpc

from common.errors import PostDevAIError
from common.model.node import Route
from common.rpc.certificates import Leaf
from common.rpc.channel import Channels
from common.rpc.intercept import Intercept
from common.rpc.routed import Routed
from common.rpc.server import Server, new_server


class Everyone:
    """An admission that lets all in: who may call what is tested where that is decided."""

    def admit(self, method: str, context: Any, size: int) -> Leaf | None:
        """Nobody in particular."""
        return None

    def owed_s(self, leaf: Leaf | None, context: Any, size: int) -> float:
        """Nothing."""
        return 0.0

    def still_welcome(self, leaf: Leaf | None) -> None:
        """Yes."""

    def refused(self, method: str, context: Any, error: PostDevAIError) -> None:
        """Nobody keeps count."""


class OneChannel:
    """Channels that lead to one place whatever is asked for."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def to(self, endpoint: str, identity_uri: str) -> grpc.aio.Channel:
        """There."""
        return self._channel


@asynccontextmanager
async def served(
    add: Callable[[grpc.aio.Server], None],
) -> AsyncGenerator[tuple[Routed, grpc.aio.Channel]]:
    """A way to the service by Routed, and the bare channel for messages that no client sends."""
    async with served_in_health(add) as there:
        yield there.routed, there.channel


@dataclass
class Served:
    """A service, and what is said of its health."""

    address: str
    routed: Routed
    channel: grpc.aio.Channel
    server: Server


@asynccontextmanager
async def served_in_health(add: Callable[[grpc.aio.Server], None]) -> AsyncGenerator[Served]:
    """The same, with the health service that every server of ours has."""
    bare, well = new_server(Intercept(Everyone()), ())
    add(bare)
    address = f"127.0.0.1:{bare.add_insecure_port('127.0.0.1:0')}"
    await bare.start()

    async def resolve(*, fresh: bool) -> tuple[Route, ...]:
        return (Route(address, "spiffe://m/dragon/1", "ticket", 0),)

    async with grpc.aio.insecure_channel(address) as channel:
        routed = Routed("the Dragon", resolve, cast(Channels, OneChannel(channel)))
        yield Served(address, routed, channel, Server(bare, well))
    await bare.stop(0)
