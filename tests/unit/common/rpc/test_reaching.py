"""A node of several addresses is reached at one that answers, and only by its own name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from common.clients.registry import RegistryClient
from common.errors import Unavailable
from common.rpc.channel import Channels
from common.rpc.reaching import Reaching
from tests.support.small_mesh import SmallDragon, SmallMesh, open_dragon


@asynccontextmanager
async def dragon_and_channels(
    root: Path,
) -> AsyncGenerator[tuple[SmallMesh, SmallDragon, Channels]]:
    async with SmallMesh.open(root) as mesh, open_dragon(mesh) as dragon:
        channels = Channels(await mesh.join("developer"))
        try:
            yield mesh, dragon, channels
        finally:
            await channels.close()


def refusing() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@asynccontextmanager
async def silent() -> AsyncGenerator[str]:
    """An address that takes connections and says nothing: a hung machine."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in held:
            writer.close()


async def test_dead_and_silent_addresses_are_passed_over_and_the_one_that_answers_is_kept(
    tmp_path: Path,
) -> None:
    async with dragon_and_channels(tmp_path) as (_, dragon, channels), silent() as hung:
        reaching = Reaching(channels)
        uri = dragon.identity.identity.uri
        ways = (refusing(), hung, dragon.address)
        channel = await reaching.to(ways, uri)
        assert reaching.answered(uri) == dragon.address
        assert await reaching.to(ways, uri) is channel  # nobody is tried again
        assert await Reaching(channels).to(ways, uri) is channel


async def test_an_address_at_which_another_node_answers_is_passed_over(tmp_path: Path) -> None:
    """The name in the certificate decides, not the address."""
    async with dragon_and_channels(tmp_path) as (mesh, dragon, channels):
        uri = dragon.identity.identity.uri
        reaching = Reaching(channels)
        await reaching.to((mesh.address, dragon.address), uri)
        assert reaching.answered(uri) == dragon.address
        channel = await reaching.to((dragon.address, mesh.address), mesh.identity_uri)
        assert len(await RegistryClient(channel).nodes()) == 2


async def test_where_none_answers_each_address_that_was_tried_is_named(tmp_path: Path) -> None:
    async with dragon_and_channels(tmp_path) as (_, dragon, channels):
        ways = (refusing(), refusing())
        with pytest.raises(Unavailable) as caught:
            await Reaching(channels).to(ways, dragon.identity.identity.uri)
        assert all(way in caught.value.message for way in ways)
        with pytest.raises(Unavailable, match="no address"):
            await Reaching(channels).to((), dragon.identity.identity.uri)
