"""A link whose other end is gone without a word: both ends notice, and nothing else ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Channel, ServicerContext

from common.clock import SystemClock
from common.pb.postdevai.v1.lake_service_pb2 import IngestRequest, IngestResponse
from common.pb.postdevai.v1.lake_service_pb2_grpc import (
    LakeServiceServicer,
    LakeServiceStub,
    add_LakeServiceServicer_to_server,
)
from common.rpc import channel as channels
from common.rpc import server as servers
from common.rpc.channel import open_channel
from common.rpc.guard import Guard
from common.rpc.server import open_server
from coordinator_node.gateway.authority import Authority
from tests.support.silent_link import SilentLink, silent_link
from tests.support.small_mesh import Own, forged

WITHIN_S = 50.0
"""Less than the minute after which gRPC notices where nobody tells it otherwise."""


class Lake(LakeServiceServicer):
    """Answers each message of a stream; says when it has ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def Ingest(  # noqa: N802
        self, request_iterator: AsyncIterator[IngestRequest], context: ServicerContext[Any, Any]
    ) -> AsyncIterator[IngestResponse]:
        try:
            async for _ in request_iterator:
                yield IngestResponse()
        finally:
            self.ended.set()


class Nodes:
    """Two nodes of a mesh that is nothing but its CA."""

    def __init__(self, directory: Path) -> None:
        self.authority = Authority.make(directory, SystemClock())
        self.dragon = forged(self.authority, "dragon")
        self.laptop = forged(self.authority, "developer")

    @asynccontextmanager
    async def linked(self, lake: Lake) -> AsyncGenerator[tuple[SilentLink, Channel]]:
        """A laptop and a Dragon, and the cable between them."""
        guard = Guard(mesh=self.authority.mesh)
        server, port = await open_server(
            "127.0.0.1",
            0,
            self.dragon,
            lambda to: add_LakeServiceServicer_to_server(lake, to),
            guard,
        )
        async with (
            silent_link(f"127.0.0.1:{port}") as link,
            self._channel(link, self.laptop) as channel,
        ):
            try:
                yield link, channel
            finally:
                await server.stop(0)

    def _channel(self, link: SilentLink, own: Own) -> Channel:
        return open_channel(link.address, self.dragon.identity.uri, own)


async def test_a_stream_ends_when_the_other_end_is_silent(tmp_path: Path) -> None:
    async with asyncio.timeout(WITHIN_S), Nodes(tmp_path).linked(Lake()) as (link, channel):  # pyright: ignore[reportAbstractUsage]
        call = LakeServiceStub(channel).Ingest()
        await call.write(IngestRequest())
        assert await call.read() == IngestResponse()
        link.fall_silent()
        with pytest.raises(AioRpcError) as ended:
            await call.read()
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_server_ends_the_stream_of_a_node_that_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the node does not look: it sleeps."""
    monkeypatch.setattr(channels, "OPTIONS", ())
    lake = Lake()  # pyright: ignore[reportAbstractUsage]
    async with asyncio.timeout(WITHIN_S), Nodes(tmp_path).linked(lake) as (link, channel):
        call = LakeServiceStub(channel).Ingest()
        await call.write(IngestRequest())
        assert await call.read() == IngestResponse()
        link.fall_silent()
        await lake.ended.wait()
        call.cancel()


async def test_a_link_on_which_nothing_is_said_stays_while_somebody_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each end asks dozens of times, and a server takes no offence."""
    quick = channels.link_options(10)
    monkeypatch.setattr(channels, "OPTIONS", (*channels.OPTIONS, *quick))
    monkeypatch.setattr(servers, "LINK", quick)
    async with asyncio.timeout(WITHIN_S), Nodes(tmp_path).linked(Lake()) as (link, channel):  # pyright: ignore[reportAbstractUsage]
        call = LakeServiceStub(channel).Ingest()
        await call.write(IngestRequest())
        assert await call.read() == IngestResponse()
        before = link.carried_bytes
        while link.carried_bytes < before + 10_000:  # noqa: ASYNC110 - the kernel's work
            await asyncio.sleep(0.01)
        await call.write(IngestRequest())
        assert await call.read() == IngestResponse()
        assert link.connections == 1
        call.cancel()
